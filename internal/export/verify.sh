#!/bin/sh
# Verifies this export with stock tools: sha256sum, and cosign or openssl.
#
#   sh verify.sh KEY.pub
#
# KEY.pub is the public key of who made the export. Get it from them, not from here:
# whoever changes the files can change what lies beside them, this script included.
# Exit status: 0 verified, 1 a file is not what was signed, 2 a signature is wrong,
# 3 wrong usage or a tool is missing.
set -eu
LC_ALL=C
export LC_ALL

if [ $# -ne 1 ] || [ ! -f "$1" ]; then
	echo "usage: sh verify.sh KEY.pub" >&2
	exit 3
fi
case $1 in /*) key=$1 ;; *) key=$PWD/$1 ;; esac
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

signatures_by_cosign() {
	cosign verify-blob --key "$key" --bundle export.json.sigstore.json $format --insecure-ignore-tlog=true export.json >"$work/said" 2>&1 &&
		cosign verify-blob-attestation --key "$key" --bundle provenance.sigstore.json $format --insecure-ignore-tlog=true \
			--type slsaprovenance1 export.json >"$work/said" 2>&1
}

# signed FILE SIGNATURE, both as they are
signed() {
	case $algorithm in
	*ED25519*) openssl pkeyutl -verify -pubin -inkey "$key" -rawin -sigfile "$2" -in "$1" >"$work/said" 2>&1 ;;
	*384*) openssl dgst -sha384 -verify "$key" -signature "$2" "$1" >"$work/said" 2>&1 ;;
	*) openssl dgst -sha256 -verify "$key" -signature "$2" "$1" >"$work/said" 2>&1 ;;
	esac
}

# The provenance is signed as DSSE says: over its type, its length and itself.
signatures_by_openssl() {
	algorithm=$(head -n 1 "$work/key")
	base64 -d export.json.sig >"$work/sig" 2>"$work/said" || return 1
	signed export.json "$work/sig" || return 1
	{
		printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c <provenance.json | tr -d ' ')"
		cat provenance.json
	} >"$work/message"
	sed -n 's|.*"sig":"\([A-Za-z0-9+/=]*\)".*|\1|p' provenance.sigstore.json | base64 -d >"$work/sig" 2>"$work/said" || return 1
	signed "$work/message" "$work/sig"
}

for file in export.json export.json.sig export.json.sigstore.json provenance.json provenance.sigstore.json checksums.txt; do
	if [ ! -f $file ]; then
		echo "FAILED: $file is missing" >&2
		exit 1
	fi
done

# 1. Manifest and provenance are signed by the key.
tool=
if command -v cosign >/dev/null 2>&1; then
	tool=cosign
	format=
	# Version 2 has to be told that the bundle is a Sigstore bundle, and not to fetch
	# whom Sigstore trusts: the key alone counts here.
	if cosign version 2>&1 | grep -q 'GitVersion: *v2\.'; then
		cosign trusted-root create --out "$work/root.json" >/dev/null 2>&1 || : # then it verifies nothing
		format="--new-bundle-format --trusted-root $work/root.json"
	fi
fi
# There are keys that only one of both knows what to do with.
if [ "$tool" != cosign ] || ! signatures_by_cosign; then
	if command -v openssl >/dev/null 2>&1 && openssl pkey -pubin -in "$key" -noout -text >"$work/key" 2>"$work/reading"; then
		tool=openssl
	elif [ "$tool" != cosign ]; then
		[ ! -f "$work/reading" ] || cat "$work/reading" >&2
		echo "verify.sh: there is no cosign here, and no openssl that can read $1" >&2
		exit 3
	fi
	if [ "$tool" = cosign ] || ! signatures_by_openssl; then
		cat "$work/said" >&2
		echo "FAILED: export.json and provenance.json are not signed by $1 ($tool)" >&2
		exit 2
	fi
fi
echo "ok: export.json and its provenance are signed by $1 ($tool)"

# 2. The provenance is what was signed, and that of this manifest.
{
	printf '"payload":"'
	base64 <provenance.json | tr -d '\n'
	printf '"'
} >"$work/payload"
printf '"subject":[{"digest":{"sha256":"%s"},"name":"export.json"}' "$(sha256sum <export.json | cut -c1-64)" >"$work/subject"
if ! grep -qF -f "$work/payload" provenance.sigstore.json || ! grep -qF -f "$work/subject" provenance.json; then
	echo "FAILED: provenance.json is not what was signed about export.json" >&2
	exit 1
fi
echo "ok: provenance.json is that of export.json"

# 3. The manifest, which is canonical JSON, names the file of checksums.
sum=$(sha256sum <checksums.txt | cut -c1-64)
case $(head -c 200 export.json) in
'{"checksums":{"path":"checksums.txt","sha256":"'"$sum"'"}'*) echo "ok: checksums.txt is that of export.json" ;;
*)
	echo "FAILED: checksums.txt is not that of export.json" >&2
	exit 1
	;;
esac

# 4. Every file is what it was, and none was added.
if ! sha256sum --strict --quiet -c checksums.txt; then
	echo "FAILED: a file is not what was signed" >&2
	exit 1
fi
if [ -n "$(find . -name '*
*')" ]; then # which would count as two names below
	echo "FAILED: a file is here that was not signed: its name has a line break" >&2
	exit 1
fi
cut -c67- checksums.txt | sort >"$work/signed"
find . ! -type d | sed 's|^\./||' | grep -vxF \
	-e export.json -e export.json.sigstore.json -e export.json.sig \
	-e provenance.json -e provenance.sigstore.json -e checksums.txt | sort >"$work/there"
if ! cmp -s "$work/signed" "$work/there"; then
	echo "FAILED: a file is here that was not signed, or one is missing" >&2
	exit 1
fi
echo "ok: $(wc -l <checksums.txt | tr -d ' ') files are what was signed"
