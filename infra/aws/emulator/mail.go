package emulator

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

// mail is SES: of version 2 identities and configuration sets, of which moto loses most, and of
// version 1 the topics of an identity's notifications, which version 2 does not have.
type mail struct {
	made   map[string]map[string]any // what an object was made with, by region and path
	topics map[string]string         // by region, identity and kind
}

func newMail() mail { return mail{map[string]map[string]any{}, map[string]string{}} }

// notifications are the kinds of them, each with the topic that it may have.
var notifications = []string{"Bounce", "Complaint", "Delivery"}

const mailPrefix = "/v2/email/"

var mailPath = regexp.MustCompile(`^` + mailPrefix + `(identities|configuration-sets)(?:/([^/]+)(/mail-from)?)?$`)

func (m mail) answer(c *call) *reply {
	if m := m.notify(c); m != nil {
		return m
	}
	if c.method == http.MethodGet && c.path == mailPrefix+"tags" {
		name := c.query.Get("ResourceArn")
		kind := map[bool]string{true: "identities", false: "configuration-sets"}[strings.Contains(name, ":identity/")]
		return asJSON(http.StatusOK, map[string]any{"Tags": m.made[c.region+mailPrefix+kind+name[strings.LastIndex(name, "/"):]]["Tags"]})
	}
	parts := mailPath.FindStringSubmatch(c.path)
	if parts == nil {
		return nil
	}
	var given map[string]any
	if err := json.Unmarshal(c.body, &given); err != nil && len(c.body) > 0 {
		return asJSON(http.StatusBadRequest, map[string]any{"__type": "BadRequestException", "message": err.Error()})
	}
	key := c.region + mailPrefix + parts[1] + "/" + parts[2]
	if c.method == http.MethodPost {
		for _, name := range []string{"EmailIdentity", "ConfigurationSetName"} { // an identity has both, and its own comes first
			if name, ok := given[name].(string); ok {
				m.made[key+name] = given
				return asJSON(http.StatusOK, described(c.region, parts[1], given))
			}
		}
	}
	made, ok := m.made[key]
	switch {
	case !ok:
		return asJSON(http.StatusNotFound, map[string]any{"__type": "NotFoundException", "message": key})
	case c.method == http.MethodDelete:
		delete(m.made, key)
	case parts[3] != "":
		made["MailFromAttributes"] = given
	case c.method == http.MethodGet:
		return asJSON(http.StatusOK, described(c.region, parts[1], made))
	}
	return asJSON(http.StatusOK, map[string]any{})
}

// described is an object with what SES itself says of it: that a domain is proven, and its DKIM, whose
// tokens are records of the zone, so that each region has others.
func described(region, kind string, made map[string]any) map[string]any {
	if kind == "identities" {
		made["IdentityType"], made["VerificationStatus"], made["VerifiedForSendingStatus"] = "DOMAIN", "SUCCESS", true
		made["DkimAttributes"] = map[string]any{
			"SigningEnabled": true, "Status": "SUCCESS", "SigningAttributesOrigin": "AWS_SES", "Tokens": []string{region + "-one", region + "-two", region + "-three"},
			"CurrentSigningKeyLength": "RSA_2048_BIT", "NextSigningKeyLength": "RSA_2048_BIT",
		}
	}
	return made
}

// notify responds to calls about an identity's topics.
func (m mail) notify(c *call) *reply {
	action, region, identity := c.form.Get("Action"), c.region+" ", c.form.Get("Identity")
	switch action {
	case "SetIdentityNotificationTopic":
		m.topics[region+identity+" "+c.form.Get("NotificationType")] = c.form.Get("SnsTopic")
		return result(action)
	case "SetIdentityHeadersInNotificationsEnabled":
		return result(action)
	case "GetIdentityNotificationAttributes": // of one identity, as the provider asks
		identity := c.form.Get("Identities.member.1")
		attributes := value("ForwardingEnabled", "true")
		for _, kind := range notifications {
			if topic := m.topics[region+identity+" "+kind]; topic != "" {
				attributes += value(kind+"Topic", topic)
			}
			attributes += value("HeadersIn"+kind+"NotificationsEnabled", "false")
		}
		return result(action, element("NotificationAttributes", element("entry", value("key", identity), element("value", attributes))))
	}
	return nil
}

func (mail) mend(_ *call, body []byte) []byte { return body }
