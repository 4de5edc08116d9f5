package parts

import (
	"context"
	"path/filepath"

	"jari.example/infra/local/edge"
	"jari.example/infra/local/launch"
	"jari.example/telemetry/names"
)

// local is a tool of infra/local, which is compiled into the launcher's binary.
func (s *System) local(name string, needs []string, args ...string) launch.Part {
	return launch.Part{
		Name: name, Needs: needs, Ports: []int{s.Ports.Of(name)},
		Hint: "read its log (`make logs S=" + name + "`)",
		Command: func(context.Context) (launch.Command, error) {
			return s.self(append([]string{"run", name, "--addr", s.Ports.Addr(name)}, args...)...)
		},
		Healthy: respondsTo(s.Ports.URL(name) + "/readyz"),
	}
}

// slack is the Slack simulator. Its messages survive a restart.
func (s *System) slack() launch.Part {
	part := s.local("slack", []string{"secrets"},
		"--token-file", s.secret(slackToken), "--signing-secret-file", s.secret(slackSigning),
		"--channels", "#incidents,#tickets", "--interactivity-url", s.Ports.URL("alerting")+"/slack/actions", "--state", filepath.Join(s.Dir, "data", "slack", "messages.json"))
	part.Prepare = func(context.Context, launch.Progress) error {
		_, err := s.data("slack")
		return err
	}
	return part
}

// mailbox shows the mails that were sent: those in moto's folder, or those that an
// emulator of the user's own has in its memory.
func (s *System) mailbox() launch.Part {
	if s.Getenv("JARI_AWS_ENDPOINT_URL") != "" {
		return s.local("mailbox", []string{"aws"}, "--aws-endpoint-url", s.AWSURL())
	}
	return s.local("mailbox", []string{"aws"}, "--mail-dir", s.mailDir())
}

// door is the operator page: links to everything, and the runbooks.
func (s *System) door() launch.Part {
	return s.local("door", nil,
		"--runbooks", filepath.Join(s.Root, "runbooks"), "--page-url", s.Ports.URL("edge"), "--slack-url", s.Ports.URL("slack"),
		"--mailbox-url", s.Ports.URL("mailbox"), "--preview-url", s.Ports.URL("preview"), "--status-url", s.Ports.URL("alerting")+"/status",
		"--opensearch-url", s.OpenSearchURL())
}

// edge stands for CloudFront: it serves the page, and the API through the edge
// function.
func (s *System) edge() launch.Part {
	args := []string{
		"--web", filepath.Join(s.Root, "web", "dist"), "--door-url", s.Ports.URL("door"),
		"--access-log", filepath.Join(s.LogDir(), "edge-access.log"), // which the agent reads: LogGlob
	}
	needs := []string{"web"}
	for _, region := range Regions {
		args = append(args, "--origin", names.Regions[region]+"="+s.Ports.URL("gateway-"+region))
		needs = append(needs, "gateway-"+region)
	}
	part := s.local("edge", needs, args...)
	part.Healthy = respondsTo(s.Ports.URL("edge") + edge.HealthPath) // fails without the built page
	return part
}

// preview shows dashboards and traces without OpenSearch Dashboards.
func (s *System) preview() launch.Part {
	return launch.Part{
		Name: "preview", Needs: []string{"build", "opensearch"}, Ports: []int{s.Ports.Of("preview")},
		Hint: "read its log (`make logs S=preview`)",
		Command: func(context.Context) (launch.Command, error) {
			args := []string{"--addr", s.Ports.Addr("preview"), "--opensearch-url", s.OpenSearchURL()}
			return launch.Command{Path: s.Bin("kibanapreview"), Args: args, Env: environment(), Dir: s.Root}, nil
		},
		Healthy: respondsTo(s.Ports.URL("preview") + "/readyz"),
	}
}
