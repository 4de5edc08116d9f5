# The most that a role of the environment can be allowed, whatever its own policies say. The apply role may create a role
# only with this boundary; without it, it could create one that may do everything, and so do everything itself.

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "The most that a role of ${var.name} may do"
  policy      = data.aws_iam_policy_document.boundary.json
}

data "aws_iam_policy_document" "boundary" {
  # checkov:skip=CKV_AWS_108: a boundary allows nothing by itself
  # "*" because a boundary allows nothing by itself: the exact ARNs are in the roles' own policies.
  statement {
    sid       = "WhatProgramsDo"
    resources = ["*"]
    actions = [
      "cloudwatch:PutMetricData",
      "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
      "dynamodb:Describe*", "dynamodb:GetItem", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
      "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
      "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
      "ec2messages:*",
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer",
      "ecs:RunTask", "ecs:TagResource",
      "es:ESHttp*",
      "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey",
      "lambda:InvokeFunction",
      "logs:CreateLogGroup", "logs:CreateLogStream", "logs:Describe*", "logs:PutLogEvents", "logs:PutRetentionPolicy",
      "s3:GetObject", "s3:ListBucket", "s3:PutObject",
      "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
      "ses:GetAccount", "ses:GetEmailIdentity", "ses:SendEmail", "ses:SendRawEmail",
      "sns:Publish",
      "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage",
      "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:PutParameter",
      "ssm:UpdateInstanceInformation",
      "ssmmessages:*",
    ]
  }

  # A schedule starts a task with the task's roles.
  statement {
    sid       = "SchedulesStartTasks"
    actions   = ["iam:PassRole"]
    resources = ["arn:aws:iam::${local.account}:role/${var.name}-*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }

  statement {
    sid       = "NeverTheState"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.state_arn, "${local.state_arn}/*"]
  }
}
