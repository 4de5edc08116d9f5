mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:opensearch" }
  }
}

variables {
  name        = "jari-test-kr"
  region      = "ap-northeast-2"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1", "subnet-2", "subnet-3"]
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
  master_user = { name = "jari_admin", password = "Only-for-this-test-1" }
}

run "is_encrypted_everywhere" {
  assert {
    condition = (
      aws_opensearch_domain.this.encrypt_at_rest[0].enabled &&
      aws_opensearch_domain.this.node_to_node_encryption[0].enabled &&
      aws_opensearch_domain.this.domain_endpoint_options[0].enforce_https
    )
    error_message = "at rest, between nodes and to clients"
  }
}

run "nobody_gets_in_without_a_user" {
  assert {
    condition = (
      aws_opensearch_domain.this.advanced_security_options[0].enabled &&
      !aws_opensearch_domain.this.advanced_security_options[0].anonymous_auth_enabled
    )
    error_message = "fine-grained access control is on, anonymous access off"
  }
  assert {
    condition     = length(aws_opensearch_domain.this.vpc_options) == 1
    error_message = "the domain is in the VPC"
  }
}

run "logs_are_kept" {
  assert {
    condition = toset([for l in aws_opensearch_domain.this.log_publishing_options : l.log_type]) == toset([
      "AUDIT_LOGS", "ES_APPLICATION_LOGS", "INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS"
    ])
    error_message = "the audit log and the three others"
  }
}

run "rejects_nodes_that_do_not_fit_the_zones" {
  command = plan
  variables {
    instance_count = 4
  }
  expect_failures = [var.instance_count]
}

run "rejects_a_weak_password" {
  command = plan
  variables {
    master_user = { name = "jari_admin", password = "onlysmallletters" }
  }
  expect_failures = [var.master_user]
}
