# The web ACL stands in front of page and API. Responses of its own are JSON with the fields of our problem documents,
# so that the page shows them like any other refusal.

data "aws_caller_identity" "this" {}

locals {
  managed_groups = {
    AWSManagedRulesAmazonIpReputationList = { priority = 20, counted = toset([]) }
    AWSManagedRulesKnownBadInputsRuleSet  = { priority = 30, counted = toset([]) }
    AWSManagedRulesCommonRuleSet          = { priority = 40, counted = var.counted_rules }
  }
}

resource "aws_wafv2_web_acl" "this" {
  # checkov:skip=CKV_AWS_192: AWSManagedRulesKnownBadInputsRuleSet is one of managed_groups
  name        = "${var.name}-edge"
  description = "Page and API: size of bodies, rate per address, known attacks"
  scope       = "CLOUDFRONT"

  default_action {
    allow {}
  }

  # By default AWS WAF looks at 16 KiB of a body, and a larger one would hide what follows.
  association_config {
    request_body {
      cloudfront {
        default_size_inspection_limit = "KB_${var.max_body_kib}"
      }
    }
  }

  custom_response_body {
    key          = "body-too-large"
    content_type = "APPLICATION_JSON"
    content = jsonencode({
      type   = "about:blank", title = "Content Too Large", status = 413, reason = "body_too_large"
      detail = "The body must not exceed ${var.max_body_kib} KiB."
    })
  }

  custom_response_body {
    key          = "too-many-requests"
    content_type = "APPLICATION_JSON"
    content = jsonencode({
      type   = "about:blank", title = "Too Many Requests", status = 429, reason = "rate_limited"
      detail = "Your network sends too many requests. Try again in a minute."
    })
  }

  rule {
    name     = "body-size"
    priority = 0

    action {
      block {
        custom_response {
          response_code            = 413
          custom_response_body_key = "body-too-large"
        }
      }
    }

    statement {
      size_constraint_statement {
        comparison_operator = "GT"
        size                = var.max_body_kib * 1024

        field_to_match {
          body {
            oversize_handling = "MATCH" # a body of which AWS WAF sees only the start is larger than the limit
          }
        }

        text_transformation {
          priority = 0
          type     = "NONE"
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-body-size"
      sampled_requests_enabled   = true
    }
  }

  # Only the API: the files of the page come from the cache and cost nothing.
  rule {
    name     = "rate-per-address"
    priority = 10

    action {
      block {
        custom_response {
          response_code            = 429
          custom_response_body_key = "too-many-requests"

          response_header {
            name  = "Retry-After"
            value = "60"
          }
        }
      }
    }

    statement {
      rate_based_statement {
        aggregate_key_type    = "IP"
        evaluation_window_sec = 60
        limit                 = var.rate_limit_per_minute

        scope_down_statement {
          byte_match_statement {
            positional_constraint = "STARTS_WITH"
            search_string         = "/v1/"

            field_to_match {
              uri_path {}
            }

            # The path as CloudFront matches it: %76 is not v there, so nothing is decoded here either.
            text_transformation {
              priority = 0
              type     = "NONE"
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-rate-per-address"
      sampled_requests_enabled   = true
    }
  }

  dynamic "rule" {
    for_each = local.managed_groups

    content {
      name     = rule.key
      priority = rule.value.priority

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          name        = rule.key
          vendor_name = "AWS"

          dynamic "rule_action_override" {
            for_each = rule.value.counted

            content {
              name = rule_action_override.value

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "${var.name}-${rule.key}"
        sampled_requests_enabled   = true
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "${var.name}-edge"
    sampled_requests_enabled   = true
  }
}

resource "aws_cloudwatch_log_group" "waf" {
  name              = var.log_group_name
  retention_in_days = 30
  kms_key_id        = var.log_key_arn
}

data "aws_iam_policy_document" "waf_log" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.waf.arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "waf" {
  policy_name     = "${var.name}-edge-waf"
  policy_document = data.aws_iam_policy_document.waf_log.json
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.waf.arn]

  # Only what was stopped or would have been: in a rush the allowed requests would cost more than they say.
  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }

      condition {
        action_condition {
          action = "COUNT"
        }
      }
    }
  }

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  redacted_fields {
    single_header {
      name = "cookie"
    }
  }

  redacted_fields {
    query_string {}
  }

  depends_on = [aws_cloudwatch_log_resource_policy.waf]
}
