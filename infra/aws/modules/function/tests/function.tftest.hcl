mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:function" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/function" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:ap-northeast-2:123456789012:failed" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:ap-northeast-2:123456789012:function:jari-test-kr-indexer" }
  }
}

variables {
  name        = "jari-test-kr"
  function    = "indexer"
  region      = "ap-northeast-2"
  package     = { bucket = "packages", key = "indexerd/1111111111111111111111111111111111111111111111111111111111111111.zip" }
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "runs_our_program_on_arm" {
  assert {
    condition     = aws_lambda_function.this.runtime == "provided.al2023" && aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "bootstrap on ARM"
  }
  assert {
    condition = (
      length(aws_lambda_event_source_mapping.stream) == 0 && length(aws_scheduler_schedule.this) == 0 &&
      length(aws_security_group.this) == 0
    )
    error_message = "nothing calls it, and it is outside of a VPC, unless that is asked for"
  }
}

run "a_stream_cannot_be_stopped_by_one_record" {
  variables {
    vpc     = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"] }
    stream  = { arn = "arn:aws:dynamodb:ap-northeast-2:123456789012:table/jari-test-kr-catalogue/stream/2026-01-01T00:00:00.000" }
    secrets = { INDEXER_OPENSEARCH_URL = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:url-AbCdEf" }
  }
  assert {
    condition = (
      aws_lambda_event_source_mapping.stream[0].bisect_batch_on_function_error &&
      aws_lambda_event_source_mapping.stream[0].maximum_retry_attempts == 10 &&
      aws_lambda_event_source_mapping.stream[0].maximum_record_age_in_seconds == 21600 &&
      aws_lambda_event_source_mapping.stream[0].destination_config[0].on_failure[0].destination_arn == aws_sqs_queue.failed.arn
    )
    error_message = "halved, bounded, and at last queued"
  }
  assert {
    condition     = contains(aws_lambda_event_source_mapping.stream[0].function_response_types, "ReportBatchItemFailures")
    error_message = "the program says which records failed"
  }
  assert {
    condition     = contains(keys(aws_lambda_function.this.environment[0].variables), "INDEXER_OPENSEARCH_URL_SECRET_ARN")
    error_message = "a secret is given by its ARN"
  }
  assert {
    condition     = length(aws_security_group.this) == 1
    error_message = "in a VPC it has a security group"
  }
}

run "the_clock_calls_it" {
  variables {
    function    = "alertingwatch"
    schedule    = "rate(1 minute)"
    concurrency = 1
  }
  assert {
    condition     = aws_scheduler_schedule.this[0].schedule_expression == "rate(1 minute)"
    error_message = "the schedule is taken"
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.scheduler[0].policy).Statement[0].Resource == [
      "arn:aws:lambda:ap-northeast-2:123456789012:function:jari-test-kr-alertingwatch"
    ]
    error_message = "the clock may call this function only"
  }
}

run "rejects_endless_retries" {
  command = plan
  variables {
    stream = {
      arn         = "arn:aws:dynamodb:ap-northeast-2:123456789012:table/t/stream/2026-01-01T00:00:00.000"
      max_retries = -1
    }
  }
  expect_failures = [var.stream]
}

run "rejects_a_package_without_its_digest" {
  command = plan
  variables {
    package = { bucket = "packages", key = "indexerd/latest.zip" }
  }
  expect_failures = [var.package]
}
