mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name   = "jari-test-kr"
  region = "ap-northeast-2"
}

run "rotates_and_can_be_restored" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "the key must rotate and be restorable for 30 days"
  }
}

run "services_may_use_it_only_for_this_account" {
  command = plan

  assert {
    condition = alltrue([
      for s in jsondecode(aws_kms_key.this.policy).Statement : can(s.Condition) if can(s.Principal.Service)
    ])
    error_message = "a service must be bound to this account by a condition"
  }
  assert {
    condition     = strcontains(aws_kms_key.this.policy, "arn:aws:logs:ap-northeast-2:123456789012:log-group:*")
    error_message = "log groups of this account must be able to use the key"
  }
}

run "rejects_a_zone_as_region" {
  command = plan
  variables {
    region = "ap-northeast-2a"
  }
  expect_failures = [var.region]
}
