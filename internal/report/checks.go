package report

import "github.com/stellaops/stella/internal/fault"

// checkMeaning says what a check asks, for readers who meet its name for the first
// time; "" for a name that is not known here.
func checkMeaning(name string) string {
	switch name {
	case "signature":
		return "is there a signature by a key or certificate that is trusted?"
	case "statement":
		return "is the payload a well-formed in-toto statement?"
	case "subject":
		return "is the statement about the demanded artifacts?"
	case "type":
		return "does the statement have the demanded predicate type?"
	case "key":
		return "were the keys good when they signed?"
	case "threshold":
		return "did as many distinct holders sign as demanded?"
	case "time":
		return "when were the signatures made, and is that proven as demanded?"
	case "log":
		return "do transparency logs hold the signatures as demanded?"
	case "sct":
		return "do certificate transparency logs hold the certificates as demanded?"
	case "policy":
		return "have those signed whom the policy demands?"
	case "conditions":
		return "does the statement meet the conditions of the policy?"
	case "freshness":
		return "is the evidence as recent as the policy demands?"
	case "promotion":
		return "is the predicate a well-formed promotion that does not contradict itself?"
	case "step":
		return "is it from and to the demanded environments?"
	case "image":
		return "is the promoted image the demanded one?"
	case "actor":
		return "did the one sign who is named as promoter?"
	case "documents":
		return "are the given documents those that were promoted?"
	case "materials":
		return "is each attestation that the promotion rests on there, verified, and about the image?"
	case "receipt":
		return "do trusted logs hold the attestations as the promotion says?"
	case "duties":
		return "are those who promoted others than those who signed the evidence?"
	case "chain":
		return "does the promotion continue the one before it, and is it the only one?"
	case "files":
		return "are the files of the export those of its manifest, and no others there?"
	case "proof":
		return "does a log entry, checkpoint or time stamp in a file of its own prove something about the evidence?"
	case "artifact":
		return "is there evidence about each demanded artifact?"
	}
	return snapshotCheckMeaning(name)
}

// snapshotCheckMeaning is checkMeaning for the checks of a snapshot.
func snapshotCheckMeaning(name string) string {
	switch name {
	case "manifest":
		return "is the manifest well-formed, in order, and what was signed?"
	case "case":
		return "is it of the demanded case, and signed for that?"
	case "checksum":
		return "are the entries, and the lines of the checksums, what the manifest says?"
	case "root":
		return "is the Merkle root that of the checksums?"
	case "entry":
		return "is each entry there and listed, in its place?"
	case "timeline":
		return "is the timeline one chain, and does it end as the manifest and its checkpoint say?"
	case "reference":
		return "is what evidence says of other evidence true of what is there?"
	case "archive":
		return "can the archive be read to its end?"
	}
	return ""
}

// reasonMeaning says what a reason stands for.
func reasonMeaning(r fault.Reason) string {
	for _, e := range fault.Catalog() {
		if e.Reason == r {
			return e.Meaning
		}
	}
	return ""
}

// exitMeaning says what an exit status stands for.
func exitMeaning(exit int) string {
	for _, s := range fault.Statuses() {
		if s.Exit == exit {
			return s.Meaning
		}
	}
	return ""
}
