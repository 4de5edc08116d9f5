package slack

import (
	"bytes"
	"cmp"
	"context"
	"regexp"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/wording"
)

// Upload is the method of uploads, for rate limits.
const Upload notify.Method = "upload"

// Upload stores a picture in Slack and returns its id, by which a message can show it. It
// needs the scope files:write. The file is in no channel: it is seen where a message
// shows it. Slack processes it for some seconds after that, and refuses messages with it
// meanwhile. An error is a *notify.Error.
//
//	https://docs.slack.dev/messaging/working-with-files
//	https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
func (n *Notifier) Upload(ctx context.Context, name, alt string, picture []byte) (file string, err error) {
	f, err := n.client.UploadFileContext(ctx, slackapi.UploadFileParameters{
		Filename: name, Title: name, AltTxt: wording.Literal(alt, maxAltOfFile), FileSize: len(picture), Reader: bytes.NewReader(picture),
	})
	if err != nil {
		return "", outcome(err, Upload)
	}
	return f.ID, nil
}

// fileID is the form of the ids of files, which Slack checks.
var fileID = regexp.MustCompile(`^F[A-Z0-9]{8,20}$`)

// picture is the block that shows a chart; nil without one.
func picture(c incident.Chart) slackapi.Block {
	if !fileID.MatchString(c.File) {
		return nil
	}
	alt := cmp.Or(wording.Literal(c.Alt, maxAlt), "Chart of the incident.")
	return slackapi.NewImageBlockSlackFile(&slackapi.SlackFileObject{ID: c.File}, alt, "", nil)
}

// chartStep tries whether charts can be uploaded. That they cannot is no mistake of the
// configuration: messages go without them.
func (n *Notifier) chartStep(ctx context.Context) Step {
	_, err := n.client.GetUploadURLExternalContext(ctx, slackapi.GetUploadURLExternalParameters{FileName: "chart.png", FileSize: 1})
	return Step{"a chart can be uploaded", err, "add the scope files:write to the app's bot token and install the app again, " +
		"and allow uploads in the settings of the workspace; without it messages have no chart"}
}
