mock_provider "aws" {
  override_during = plan # so that no run has to apply

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/jari-test-edge/6a1c" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-jari-test-edge" }
  }
}

variables {
  name           = "jari-test"
  log_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1234"
  log_group_name = "aws-waf-logs-jari-test-edge"
}

# A run takes seconds, because of the size of a web ACL, so that there are few.
run "what_is_stopped_and_what_is_logged" {
  command = plan

  variables {
    max_body_kib          = 32
    rate_limit_per_minute = 500
  }

  assert {
    condition = (
      one([for r in aws_wafv2_web_acl.this.rule : r if r.name == "body-size"]).statement[0].size_constraint_statement[0].size == 32768
      && aws_wafv2_web_acl.this.association_config[0].request_body[0].cloudfront[0].default_size_inspection_limit == "KB_32"
    )
    error_message = "AWS WAF must see as much of a body as may be sent."
  }

  assert {
    condition = (
      one([for r in aws_wafv2_web_acl.this.rule : r if r.name == "rate-per-address"]).statement[0].rate_based_statement[0].limit == 500
    )
    error_message = "The limit per address is the variable's."
  }

  assert {
    condition = toset([
      for r in aws_wafv2_web_acl.this.rule : r.name if length(r.statement[0].managed_rule_group_statement) > 0
    ]) == toset(["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"])
    error_message = "The three groups of AWS must be there."
  }

  assert {
    condition = toset([
      for o in one([
        for r in aws_wafv2_web_acl.this.rule : r if r.name == "AWSManagedRulesCommonRuleSet"
      ]).statement[0].managed_rule_group_statement[0].rule_action_override : o.name
    ]) == toset(["SizeRestrictions_BODY", "SizeRestrictions_QUERYSTRING"])
    error_message = "Only the two size rules count without blocking; rules against attacks in bodies block."
  }

  assert {
    condition     = length(distinct([for r in aws_wafv2_web_acl.this.rule : r.priority])) == length(aws_wafv2_web_acl.this.rule)
    error_message = "Two rules have the same priority."
  }

  assert {
    condition = toset([
      for f in aws_wafv2_web_acl_logging_configuration.this.redacted_fields : f.single_header[0].name if length(f.single_header) > 0
    ]) == toset(["authorization", "cookie"])
    error_message = "Tokens and cookies must not be in the log of the web ACL."
  }

  assert {
    condition     = aws_cloudwatch_log_group.waf.retention_in_days == 30
    error_message = "The log is kept for 30 days."
  }

  assert {
    condition     = aws_cloudwatch_log_group.waf.name == "aws-waf-logs-jari-test-edge"
    error_message = "The key admits only this log group."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name                  = "Jari"
    log_key_arn           = "arn:aws:kms:ap-northeast-2:123456789012:key/1234"
    rate_limit_per_minute = 10
    max_body_kib          = 1024
    counted_rules         = ["Size Restrictions"]
    log_group_name        = "waf-logs"
  }

  expect_failures = [
    var.name, var.log_key_arn, var.rate_limit_per_minute, var.max_body_kib, var.counted_rules,
    var.log_group_name,
  ]
}
