package parts

import (
	"path/filepath"
	"strconv"

	"jari.example/infra/local/launch"
	"jari.example/telemetry/names"
)

// onCallMail is the address of everybody on call.
const onCallMail = "on-call@jari.example"

// OnCallDir has the files that say who is on call.
func (s *System) OnCallDir() string { return filepath.Join(s.Root, "alerting", "oncall", "example") }

// alerting runs once, in the first region, for all regions.
func (s *System) alerting() launch.Part {
	door, preview := s.Ports.URL("door"), s.Ports.URL("preview")
	var rules []string
	if dir := s.Getenv("JARI_SLO_DIR"); dir != "" {
		rules = []string{"--slo-dir", dir}
	}
	part := s.daemon("alerting", "alertingd", s.withProxies([]string{"postgres", "opensearch", "aws", "secrets", "build"}),
		[]int{s.Ports.Of("alerting"), s.Ports.Of("alerting/ops")}, s.Ports.URL("alerting/ops"), append([]string{
			"--ops-addr", s.Ports.Addr("alerting/ops"), "--cloud-region", names.Regions[Regions[0]],
			"--otlp-endpoint", s.Ports.URL("agent"),
			"--database-url", s.DatabaseURL("jari_alerting"), "--opensearch-url", s.via("opensearch", "alerting", s.OpenSearchURL()),
			"--slack-url", s.Ports.URL("slack") + "/api/", "--slack-token-file", s.secret(slackToken), "--slack-channel", "#incidents",
			"--slack-ticket-channel", "#tickets", "--slack-signing-secret-file", s.secret(slackSigning),
			"--http-addr", s.Ports.Addr("alerting"),
			"--on-call-dir", s.OnCallDir(),
			"--aws-endpoint-url", s.AWSURL(), "--mail-from", MailFrom, "--mail-to", onCallMail,
			"--time-scale", strconv.Itoa(s.AlertTimeScale),
			"--runbook-url", door + "/runbooks/{slo}",
			"--dashboard-url", preview + "/dashboards/{dashboard}?from={from}&to={to}",
			"--trace-url", preview + "/traces/{trace}",
			"--status-url", s.Ports.URL("alerting") + "/status#i{incident}",
			"--status-user", "local",
		}, rules...))
	part.Feeds = append(part.Feeds, "slack")
	part.Log = "alerting-" + Regions[0] // JSON lines, for the agent
	return part
}

// alertingWatch mails when alerting does not work.
func (s *System) alertingWatch() launch.Part {
	const name = "alerting-watch"
	return s.daemon(name, "alertingwatch", []string{"alerting", "aws", "build"},
		[]int{s.Ports.Of(name + "/ops")}, s.Ports.URL(name+"/ops"), []string{
			"--ops-addr", s.Ports.Addr(name + "/ops"), "--cloud-region", names.Regions[Regions[0]],
			"--otlp-endpoint", s.Ports.URL("agent"),
			"--database-url", s.DatabaseURL("jari_alerting"), "--state-file", filepath.Join(s.Dir, "data", name+".json"),
			"--aws-endpoint-url", s.AWSURL(), "--mail-from", MailFrom, "--mail-to", onCallMail,
		})
}
