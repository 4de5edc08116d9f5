package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// statement is one that allows something.
type statement struct {
	Actions, Resources []string
	Principal          string // JSON
	Condition          json.RawMessage
}

// decode reads the allowing statements of a policy document.
func decode(text string) (all []statement, err error) {
	var document struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("the policy is no JSON: %w", err)
	}
	var several []map[string]json.RawMessage
	if json.Unmarshal(document.Statement, &several) != nil {
		one := map[string]json.RawMessage{}
		if err := json.Unmarshal(document.Statement, &one); err != nil {
			return nil, fmt.Errorf("the policy has no statement: %w", err)
		}
		several = []map[string]json.RawMessage{one}
	}
	for _, s := range several {
		if string(s["Effect"]) != `"Allow"` {
			continue
		}
		principal := string(s["Principal"])
		if principal == `"*"` {
			principal = "*"
		}
		all = append(all, statement{list(s["Action"]), list(s["Resource"]), principal, s["Condition"]})
	}
	return all, nil
}

// Actions are the actions that a policy document allows. They may have wildcards.
func Actions(document string) (all []string, err error) {
	statements, err := decode(document)
	for _, s := range statements {
		all = append(all, s.Actions...)
	}
	return all, err
}

// list reads a text or a list of texts.
func list(raw json.RawMessage) (all []string) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	_ = json.Unmarshal(raw, &all) // nil if it is neither
	return all
}

// policies makes a rule about the statements of all roles' policies. A document that is known
// only after apply is checked in the state. A boundary is left out: it allows nothing by itself.
func policies(check func(statement) string) func(Plan) []Finding {
	return func(p Plan) (all []Finding) {
		for _, r := range slices.Concat(p.Of("aws_iam_role_policy"), p.Of("aws_iam_policy")) {
			text := r.Text("policy")
			if text == "" || strings.HasSuffix(r.Text("name"), "-boundary") {
				continue
			}
			statements, err := decode(text)
			if err != nil {
				all = append(all, Finding{Address: r.Address, What: err.Error()})
			}
			p.meet(len(statements))
			for _, s := range statements {
				if what := check(s); what != "" {
					all = append(all, Finding{Address: r.Address, What: what})
				}
			}
		}
		return all
	}
}

// withoutResource reports whether AWS knows no resource for an action, so that a policy must
// say "*". Source: Service Authorization Reference, the tables of actions.
func withoutResource(action string) bool {
	return slices.Contains([]string{
		"ecr:GetAuthorizationToken",
		"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
		"ssm:UpdateInstanceInformation", "ses:GetAccount", "ec2:DescribeNetworkInterfaces",
		"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeSubnets", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
		"logs:DescribeLogGroups", // has one, but Session Manager asks for all groups before it writes to its own
		"xray:PutTraceSegments", "xray:PutTelemetryRecords", "dynamodb:ListStreams",
	}, action)
}

// container is a container of a task definition.
type container struct {
	Name        string `json:"name"`
	Image       string `json:"image"`
	User        string `json:"user"`
	ReadOnly    bool   `json:"readonlyRootFilesystem"`
	Privileged  bool   `json:"privileged"`
	StopTimeout int    `json:"stopTimeout"`
	Environment []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"environment"`
	Ports []json.RawMessage `json:"portMappings"`
	Linux struct {
		Init bool `json:"initProcessEnabled"`
	} `json:"linuxParameters"`
	Log struct {
		Driver string `json:"logDriver"`
	} `json:"logConfiguration"`
	Firelens *struct {
		Type string `json:"type"`
	} `json:"firelensConfiguration"`
}

// Service reports whether others call it.
func (c container) Service() bool { return len(c.Ports) > 0 }

// containers makes a rule about the containers of all task definitions.
func containers(check func(container) string) func(Plan) []Finding {
	return func(p Plan) (all []Finding) {
		for _, r := range p.Of("aws_ecs_task_definition") {
			text := r.Text("container_definitions")
			if text == "" {
				continue // known after apply, and checked in the state
			}
			var inside []container
			if err := json.Unmarshal([]byte(text), &inside); err != nil {
				all = append(all, Finding{Address: r.Address, What: "its containers are no JSON: " + err.Error()})
			}
			p.meet(len(inside))
			for _, c := range inside {
				if what := check(c); what != "" {
					all = append(all, Finding{Address: r.Address, What: "container " + c.Name + ": " + what})
				}
			}
		}
		return all
	}
}
