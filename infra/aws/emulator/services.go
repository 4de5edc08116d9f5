package emulator

import (
	"encoding/json"
	"maps"
	"strings"
)

// services are ECS's: moto forgets two of their settings.
type services struct {
	settings map[string]map[string]any // by region, cluster and name
}

func newServices() services { return services{map[string]map[string]any{}} }

// forgotten are the settings.
var forgotten = []string{"availabilityZoneRebalancing", "healthCheckGracePeriodSeconds"}

const ecs = "AmazonEC2ContainerServiceV20141113."

// key is that of a service; a cluster or a service may be named by its ARN.
func (services) key(c *call, cluster, name any) string {
	last := func(v any) string {
		text, _ := v.(string)
		return text[strings.LastIndex(text, "/")+1:]
	}
	return c.region + "/" + last(cluster) + "/" + last(name)
}

func (s services) answer(c *call) *reply {
	name := map[string]string{ecs + "CreateService": "serviceName", ecs + "UpdateService": "service"}[c.target]
	var given map[string]any
	if name == "" || json.Unmarshal(c.body, &given) != nil {
		return nil // moto says what is wrong
	}
	key := s.key(c, given["cluster"], given[name])
	if s.settings[key] == nil {
		s.settings[key] = map[string]any{}
	}
	for _, setting := range forgotten {
		if v, ok := given[setting]; ok {
			s.settings[key][setting] = v
		}
	}
	return nil
}

func (s services) mend(c *call, body []byte) []byte {
	var all struct {
		Service  map[string]any   `json:"service"`
		Services []map[string]any `json:"services"`
		Failures []any            `json:"failures"`
	}
	operation, ours := strings.CutPrefix(c.target, ecs)
	if !ours || !strings.HasSuffix(strings.TrimSuffix(operation, "s"), "Service") || json.Unmarshal(body, &all) != nil {
		return body
	}
	for _, one := range append(all.Services, all.Service) {
		if one != nil {
			maps.Copy(one, s.settings[s.key(c, one["clusterArn"], one["serviceName"])])
		}
	}
	var mended any = map[string]any{"service": all.Service}
	if all.Service == nil {
		mended = map[string]any{"services": all.Services, "failures": all.Failures}
	}
	text, err := json.Marshal(mended)
	if err != nil {
		return body
	}
	return text
}
