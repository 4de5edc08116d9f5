mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:ap-northeast-2:123456789012:alarms" }
  }
}

variables {
  name                 = "jari-test-kr"
  region               = "ap-northeast-2"
  emails               = ["oncall@jari.example"]
  load_balancer_suffix = "app/jari-test-kr/1"
  databases            = { users = { identifier = "jari-test-kr-users", min_free_gib = 10 } }
  queues               = { indexer = "jari-test-kr-indexer-failed" }
  stream_functions     = { indexer = { function_name = "jari-test-kr-indexer", max_age_seconds = 300 } }
  monthly_budget_usd   = 800
  kms_key_arn          = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "thresholds_are_in_the_units_of_cloudwatch" {
  assert {
    condition     = aws_cloudwatch_metric_alarm.database_storage["users"].threshold == 10737418240
    error_message = "free space is in bytes"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.stream["indexer"].threshold == 300000
    error_message = "the age is in milliseconds"
  }
}

run "each_alarm_notifies" {
  assert {
    condition = alltrue([
      for a in concat(
        [aws_cloudwatch_metric_alarm.load_balancer], values(aws_cloudwatch_metric_alarm.queue),
        values(aws_cloudwatch_metric_alarm.stream), values(aws_cloudwatch_metric_alarm.database_storage)
      ) : contains(a.alarm_actions, aws_sns_topic.this.arn)
    ])
    error_message = "every alarm goes to the topic"
  }
  assert {
    condition     = length(output.alarm_names) == 4 && length(aws_sns_topic_subscription.email) == 1
    error_message = "four alarms, one address"
  }
}

run "the_budget_notifies_ahead" {
  assert {
    condition     = length([for n in aws_budgets_budget.this[0].notification : n if n.notification_type == "FORECASTED"]) == 1
    error_message = "the forecast notifies"
  }
}

run "a_budget_is_an_option" {
  command = plan
  variables {
    monthly_budget_usd = null
  }
  assert {
    condition     = length(aws_budgets_budget.this) == 0
    error_message = "without an amount there is no budget"
  }
}

run "rejects_an_age_beyond_the_stream" {
  command = plan
  variables {
    stream_functions = { indexer = { function_name = "x", max_age_seconds = 86400 } }
  }
  expect_failures = [var.stream_functions]
}
