package emulator

import (
	"bytes"
	"fmt"
)

// mail are the settings of SES that moto forgets or does not take, each by its region and name:
// the topics of an identity's notifications, and whether a configuration set needs TLS.
type mail map[string]string

func newMail() mail { return mail{} }

// notifications are the kinds of them, each with the topic that it may have.
var notifications = []string{"Bounce", "Complaint", "Delivery"}

func (m mail) answer(c *call) *reply {
	action, region, identity := c.form.Get("Action"), c.region+" ", c.form.Get("Identity")
	switch action {
	case "SetIdentityNotificationTopic": // moto takes it, too
		m[region+identity+" "+c.form.Get("NotificationType")] = c.form.Get("SnsTopic")
	case "SetIdentityHeadersInNotificationsEnabled":
		return result(action)
	case "GetIdentityNotificationAttributes":
		var entries string
		for n := 1; ; n++ {
			identity := c.form.Get(fmt.Sprintf("Identities.member.%d", n))
			if identity == "" {
				return result(action, element("NotificationAttributes", entries))
			}
			attributes := value("ForwardingEnabled", "true")
			for _, kind := range notifications {
				if topic := m[region+identity+" "+kind]; topic != "" {
					attributes += value(kind+"Topic", topic)
				}
				attributes += value("HeadersIn"+kind+"NotificationsEnabled", "false")
			}
			entries += element("entry", value("key", identity), element("value", attributes))
		}
	case "PutConfigurationSetDeliveryOptions":
		m[region+c.form.Get("ConfigurationSetName")] = c.form.Get("DeliveryOptions.TlsPolicy")
		return result(action)
	}
	return nil
}

// mend adds the settings to a configuration set.
func (m mail) mend(c *call, body []byte) []byte {
	policy := m[c.region+" "+c.form.Get("ConfigurationSetName")]
	if c.form.Get("Action") != "DescribeConfigurationSet" || policy == "" {
		return body
	}
	end := []byte("</DescribeConfigurationSetResult>")
	return bytes.Replace(body, end, append([]byte(element("DeliveryOptions", value("TlsPolicy", policy))), end...), 1)
}
