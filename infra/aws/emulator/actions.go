package emulator

import "strings"

// prefixes are IAM's names of the services whose signatures have another one.
var prefixes = map[string]string{"monitoring": "cloudwatch", "email": "ses"}

// action is what IAM calls a request, such as ec2:CreateVpc: the prefix of the service and the
// operation. "": the request is one of a REST protocol (CloudFront, Lambda, OpenSearch, Route 53, S3,
// EventBridge Scheduler, version 2 of SES), whose paths do not name the operation.
// Source of the names: Service Authorization Reference.
func (c *call) action() string {
	service, operation := c.service, c.form.Get("Action")
	if operation == "" {
		operation = c.target[strings.LastIndex(c.target, ".")+1:]
	}
	if operation == "" {
		return ""
	}
	if prefix, ok := prefixes[service]; ok {
		service = prefix
	}
	if service == "budgets" && !strings.Contains(operation, "Resource") { // it has two actions but for tags
		operation = map[bool]string{true: "ViewBudget", false: "ModifyBudget"}[strings.HasPrefix(operation, "Describe")]
	}
	return service + ":" + operation
}
