mock_provider "aws" {
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:test-AbCdEf" }
  }
  mock_resource "aws_secretsmanager_secret_version" {
    defaults = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:test-AbCdEf" }
  }
}

variables {
  name        = "/jari/test/kr/user/USER_DATABASE_URL"
  description = "URL of the users database"
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "a_secret_without_a_generation_waits_for_a_person" {
  command = plan

  assert {
    condition     = length(aws_secretsmanager_secret_version.this) == 0
    error_message = "nothing may be written"
  }
  assert {
    condition     = aws_secretsmanager_secret.this.recovery_window_in_days == 30
    error_message = "a deleted secret must be restorable by default"
  }
}

run "a_generation_is_written" {
  command = plan
  variables {
    value      = "postgres://user:password@host/users"
    generation = 2
  }
  assert {
    condition     = aws_secretsmanager_secret_version.this[0].secret_string_wo_version == 2
    error_message = "the generation must be written"
  }
}

run "rejects_a_broken_generation" {
  command = plan
  variables {
    generation = 1.5
  }
  expect_failures = [var.generation]
}

run "rejects_a_key_id" {
  command = plan
  variables {
    kms_key_arn = "11111111-2222-3333-4444-555555555555"
  }
  expect_failures = [var.kms_key_arn]
}
