package spec

import "go.yaml.in/yaml/v3"

// header begins every document; it decides how the rest is decoded.
type header struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
}

type metadata struct {
	Name        string            `yaml:"name"`
	DisplayName string            `yaml:"displayName"`
	Annotations map[string]string `yaml:"annotations"`
}

// sloDocument is the part of OpenSLO v1 that is supported; anything else in a
// file is refused, not ignored.
type sloDocument struct {
	header   `yaml:",inline"`
	Metadata metadata `yaml:"metadata"`
	Spec     struct {
		Description string `yaml:"description"`
		Service     string `yaml:"service"`
		Indicator   struct {
			Metadata metadata `yaml:"metadata"`
			Spec     struct {
				RatioMetric struct {
					Counter bool        `yaml:"counter"`
					Total   measurement `yaml:"total"`
					Bad     measurement `yaml:"bad"`
				} `yaml:"ratioMetric"`
			} `yaml:"spec"`
		} `yaml:"indicator"`
		BudgetingMethod string `yaml:"budgetingMethod"`
		TimeWindow      []struct {
			Duration  string `yaml:"duration"`
			IsRolling bool   `yaml:"isRolling"`
		} `yaml:"timeWindow"`
		Objectives []struct {
			DisplayName string  `yaml:"displayName"`
			Target      float64 `yaml:"target"`
		} `yaml:"objectives"`
	} `yaml:"spec"`
}

type measurement struct {
	MetricSource struct {
		Type string `yaml:"type"`
		Spec struct {
			Where []condition `yaml:"where"`
		} `yaml:"spec"`
	} `yaml:"metricSource"`
}

type condition struct {
	Field   string    `yaml:"field"`
	Is      yaml.Node `yaml:"is"`
	IsNot   yaml.Node `yaml:"isNot"`
	AtLeast yaml.Node `yaml:"atLeast"`
}

// policyDocument is a kind of our own: OpenSLO's alert policy allows one
// condition, a multiwindow policy needs several.
type policyDocument struct {
	header   `yaml:",inline"`
	Metadata metadata `yaml:"metadata"`
	Spec     struct {
		SLO       string  `yaml:"slo"`
		MaxPValue float64 `yaml:"maxPValue"`
		Windows   []struct {
			Severity string  `yaml:"severity"`
			Long     string  `yaml:"long"`
			Short    string  `yaml:"short"`
			Burn     float64 `yaml:"burn"`
		} `yaml:"windows"`
	} `yaml:"spec"`
}
