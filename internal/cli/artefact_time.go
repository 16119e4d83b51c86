package cli

import (
	"strconv"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// sourceDateEpoch fixes the times that are written into artefacts, and nothing else
// (https://reproducible-builds.org/specs/source-date-epoch/).
const sourceDateEpoch = "SOURCE_DATE_EPOCH"

// artefactTime returns the time that is written into an artefact, in whole seconds.
func (s *session) artefactTime() (time.Time, error) {
	text := s.getenv(sourceDateEpoch)
	if text == "" {
		return s.Now().UTC().Truncate(time.Second), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || seconds > time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).Unix() {
		return time.Time{}, fault.New(fault.UsageInvalid, "%s is %.100q, and not a number of seconds since 1970", sourceDateEpoch, text).
			WithHint("correct the variable, or unset it")
	}
	return time.Unix(seconds, 0).UTC(), nil
}
