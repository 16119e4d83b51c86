package predicate

import "strings"

func SplitSubject(s string) (string, map[string]string, bool, error) {
	if i := strings.Index(s, "sha256:"); i >= 0 {
		return s, map[string]string{"sha256": s[i+7:]}, true, nil
	}
	return s, nil, false, nil
}
