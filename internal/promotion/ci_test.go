package promotion_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/promotion"
)

func TestSurroundings(t *testing.T) {
	for name, tt := range map[string]struct {
		variables map[string]string
		want      promotion.Surroundings
	}{
		"none": {map[string]string{"GITHUB_ACTOR": "a", "BUILD_URL": "b"}, promotion.Surroundings{}},
		"GitHub": {
			map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat", "GITHUB_SERVER_URL": "https://g.example/", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "2"},
			promotion.Surroundings{System: "GitHub Actions", Actor: "octocat", Pipeline: "https://g.example/o/r/actions/runs/7/attempts/2"},
		},
		"GitHub without a run": {map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://g.example"}, promotion.Surroundings{System: "GitHub Actions"}},
		"GitLab": {
			map[string]string{"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "ann", "CI_PIPELINE_URL": "https://l.example/p/1", "CI_JOB_URL": "https://l.example/j/2"},
			promotion.Surroundings{System: "GitLab CI", Actor: "ann", Pipeline: "https://l.example/p/1"},
		},
		"Jenkins": {
			map[string]string{"JENKINS_URL": "https://j.example/", "BUILD_USER_ID": "bob", "BUILD_URL": "https://j.example/job/a/1/"},
			promotion.Surroundings{System: "Jenkins", Actor: "bob", Pipeline: "https://j.example/job/a/1/"},
		},
		"Tekton": {
			map[string]string{"TEKTON_PIPELINE_RUN": "run-1", "TEKTON_NAMESPACE": "ci"},
			promotion.Surroundings{System: "Tekton", Pipeline: "tekton://ci/pipelineruns/run-1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, promotion.SurroundingsOf(func(n string) string { return tt.variables[n] }))
		})
	}
}
