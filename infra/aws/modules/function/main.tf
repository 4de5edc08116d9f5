# One Lambda function: our program as bootstrap, called by a stream or by the clock.

data "aws_caller_identity" "this" {}

locals {
  account = data.aws_caller_identity.this.account_id
  full    = "${var.name}-${var.function}"
  # Not from the resource: the role's policy names the function before it exists.
  arn = "arn:aws:lambda:${var.region}:${local.account}:function:${local.full}"

  environment = merge(
    { "${upper(var.function)}_CLOUD_REGION" = var.region },
    var.environment,
    { for k, a in var.secrets : "${k}_SECRET_ARN" => a },
  )
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${local.full}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# Records that the function could not work off, and calls of the clock that did not arrive.
resource "aws_sqs_queue" "failed" {
  name                      = "${local.full}-failed"
  message_retention_seconds = 1209600 # 14 days, the longest
  kms_master_key_id         = var.kms_key_arn
}

resource "aws_sqs_queue_policy" "failed" {
  queue_url = aws_sqs_queue.failed.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      # A denial of everything to everybody without TLS must be as wide as it is.
      Sid       = "OnlyTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = aws_sqs_queue.failed.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_security_group" "this" {
  count = var.vpc == null ? 0 : 1

  # Its rules are made from the table of calls.
  name        = local.full
  description = "Function ${var.function}"
  vpc_id      = var.vpc.vpc_id

  tags = { Name = local.full }
}

resource "aws_lambda_function" "this" {
  function_name = local.full
  description   = "Jari ${var.function}"
  role          = aws_iam_role.this.arn

  package_type  = "Zip"
  s3_bucket     = var.package.bucket
  s3_key        = var.package.key
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = ["arm64"]

  memory_size                    = var.memory
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = var.concurrency
  kms_key_arn                    = var.kms_key_arn

  environment {
    variables = local.environment
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = aws_security_group.this[*].id
    }
  }

  tracing_config {
    mode = "PassThrough" # our own spans, not X-Ray
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

resource "aws_lambda_event_source_mapping" "stream" {
  count = var.stream == null ? 0 : 1

  event_source_arn                   = var.stream.arn
  function_name                      = aws_lambda_function.this.arn
  starting_position                  = "TRIM_HORIZON" # nothing that happened before the first roll-out is left out
  batch_size                         = var.stream.batch_size
  maximum_batching_window_in_seconds = var.stream.batch_window_seconds
  parallelization_factor             = var.stream.parallel_batches

  # A batch with a poison record is halved until the record is alone; then it goes to the queue, and its shard goes on.
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = var.stream.max_retries
  maximum_record_age_in_seconds  = var.stream.max_record_age_seconds
  function_response_types        = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.failed.arn
    }
  }
}

resource "aws_scheduler_schedule" "this" {
  count = var.schedule == null ? 0 : 1

  name                = local.full
  description         = "Calls ${local.full}"
  schedule_expression = var.schedule
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this.arn
    role_arn = aws_iam_role.scheduler[0].arn

    dead_letter_config {
      arn = aws_sqs_queue.failed.arn
    }

    # The next call comes soon; an old one is of no use.
    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 1
    }
  }
}
