package promotion

import (
	"cmp"
	"strings"
)

// Surroundings is what a CI system says of the job that it runs.
type Surroundings struct {
	// System is the CI system's name; empty if there is none that is known.
	System string
	// Actor is who started the job, Pipeline where it can be seen. Either may be empty.
	Actor, Pipeline string
}

// SurroundingsOf asks the environment variables by which CI systems tell: GitHub
// Actions, GitLab CI, Jenkins (whose plugin build-user-vars names the actor), and
// Tekton, which sets none by itself: its tasks pass $(context.pipelineRun.name) and
// $(context.pipelineRun.namespace) on as TEKTON_PIPELINE_RUN and TEKTON_NAMESPACE.
func SurroundingsOf(getenv func(string) string) Surroundings {
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		return Surroundings{"GitHub Actions", getenv("GITHUB_ACTOR"), gitHubRun(getenv)}
	case getenv("GITLAB_CI") == "true":
		return Surroundings{"GitLab CI", getenv("GITLAB_USER_LOGIN"), cmp.Or(getenv("CI_PIPELINE_URL"), getenv("CI_JOB_URL"))}
	case getenv("JENKINS_URL") != "":
		return Surroundings{"Jenkins", getenv("BUILD_USER_ID"), getenv("BUILD_URL")}
	case getenv("TEKTON_PIPELINE_RUN") != "":
		return Surroundings{"Tekton", "", tektonRun(getenv)}
	}
	return Surroundings{}
}

func gitHubRun(getenv func(string) string) string {
	server, repository, run := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_REPOSITORY"), getenv("GITHUB_RUN_ID")
	if server == "" || repository == "" || run == "" {
		return ""
	}
	url := strings.TrimSuffix(server, "/") + "/" + repository + "/actions/runs/" + run
	if attempt := getenv("GITHUB_RUN_ATTEMPT"); attempt != "" {
		url += "/attempts/" + attempt
	}
	return url
}

func tektonRun(getenv func(string) string) string {
	return "tekton://" + cmp.Or(getenv("TEKTON_NAMESPACE"), "default") + "/pipelineruns/" + getenv("TEKTON_PIPELINE_RUN")
}
