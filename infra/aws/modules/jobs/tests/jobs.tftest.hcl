mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:job" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/job" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:ap-northeast-2:123456789012:failed" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/job:1" }
  }
}

variables {
  name        = "jari-test-kr"
  region      = "ap-northeast-2"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1", "subnet-2"]
  cluster_arn = "arn:aws:ecs:ap-northeast-2:123456789012:cluster/jari-test-kr"
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
  jobs = {
    prune = {
      image          = "registry.example/jari-telemetry@sha256:1111111111111111111111111111111111111111111111111111111111111111"
      repository_arn = "arn:aws:ecr:ap-northeast-2:123456789012:repository/jari/jari-telemetry"
      command        = ["prune"]
      schedule       = "cron(0 19 * * ? *)"
      secrets = {
        JARI_OPENSEARCH_URL = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:url-AbCdEf"
        PASSWORD            = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!db-1-AbCdEf:password::"
      }
    }
    setup = {
      image          = "registry.example/jari-telemetry@sha256:1111111111111111111111111111111111111111111111111111111111111111"
      repository_arn = "arn:aws:ecr:ap-northeast-2:123456789012:repository/jari/jari-telemetry"
      command        = ["setup"]
    }
  }
}

run "the_clock_starts_only_what_has_a_schedule" {
  assert {
    condition     = keys(aws_scheduler_schedule.this) == ["prune"] && length(aws_ecs_task_definition.this) == 2
    error_message = "one schedule, two task definitions"
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.scheduler[0].policy).Statement[0].Resource == [
      "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/jari-test-kr-job-prune:*"
    ]
    error_message = "the clock may start the scheduled job only"
  }
}

run "a_job_is_locked_in" {
  assert {
    condition = alltrue([
      for t in aws_ecs_task_definition.this :
      jsondecode(t.container_definitions)[0].readonlyRootFilesystem && jsondecode(t.container_definitions)[0].user == "65532:65532"
    ])
    error_message = "read-only root, not root"
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.execution["setup"].policy, "secretsmanager:GetSecretValue")
    error_message = "a job without secrets reads none"
  }
  assert {
    condition = one([
      for s in jsondecode(aws_iam_role_policy.execution["prune"].policy).Statement : s.Resource if s.Sid == "ReadTheSecrets"
      ]) == [
      "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!db-1-AbCdEf",
      "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:url-AbCdEf",
    ]
    error_message = "the policy names secrets, without the member of an object"
  }
  assert {
    condition = (
      output.variables.prune.program == "jari-telemetry" && output.variables.prune.names == tolist(["JARI_OPENSEARCH_URL", "PASSWORD"])
    )
    error_message = "a test compares a program's variables with its flags"
  }
}

run "rejects_a_wild_schedule" {
  command = plan
  variables {
    jobs = {
      prune = {
        image          = "x@sha256:1111111111111111111111111111111111111111111111111111111111111111"
        repository_arn = "arn:aws:ecr:ap-northeast-2:123456789012:repository/jari/jari-telemetry"
        command        = ["prune"]
        schedule       = "daily"
      }
    }
  }
  expect_failures = [var.jobs]
}
