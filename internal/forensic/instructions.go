package forensic

// instructions is the content of instructions.txt.
const instructions = `How to verify this snapshot, without a network

With stella, everything (KEY.pub is the public key that you expect the snapshot to be
signed with, and got in another way than with the snapshot):

  stella forensic verify SNAPSHOT --key KEY.pub

With stock tools, in the unpacked snapshot:

1. Every file is what checksums.txt says:

     sha256sum --strict -c checksums.txt

2. The root in the first line of checksums.txt is the one in manifest.json: it is the
   tree hash of RFC 6962, section 2.1, over the other lines, each with its line feed
   (recipe rfc6962-sha256).

     grep -o '"merkleRoot":"[0-9a-f]*"' manifest.json; head -n 1 checksums.txt

3. manifest.json is what is signed: its digest is that of the subject in the payload
   of signature.dsse.json, which cosign verifies.

     sha256sum manifest.json
     cosign verify-blob-attestation --key KEY.pub --insecure-ignore-tlog \
       --signature signature.dsse.json --type stella.ops/snapshot@v1 manifest.json

   OpenSSL verifies a signature over the payload with its type and length before it
   (DSSE v1). With one signature in the file, for ECDSA P-256 and RSA:

     tmp=$(mktemp -d)
     sed -n 's/.*"payload":"\([^"]*\)".*/\1/p' signature.dsse.json | base64 -d > "$tmp/payload"
     sed -n 's/.*"sig":"\([^"]*\)".*/\1/p' signature.dsse.json | base64 -d > "$tmp/sig"
     printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c < "$tmp/payload")" > "$tmp/signed"
     cat "$tmp/payload" >> "$tmp/signed"
     openssl dgst -sha256 -verify KEY.pub -signature "$tmp/sig" "$tmp/signed"
     grep -c "$(sha256sum manifest.json | cut -c 1-64)" "$tmp/payload"

   For Ed25519 the line before the last one is:

     openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -sigfile "$tmp/sig" -in "$tmp/signed"

The files in attestations/ are signed for themselves; stella verify and cosign verify
them, too. timeline.ndjson is described in docs/formats/timeline.md of stella.
`
