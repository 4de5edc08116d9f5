locals {
  statements = concat(
    [
      {
        Sid       = "WriteTheLog"
        Effect    = "Allow"
        Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource  = ["${aws_cloudwatch_log_group.this.arn}:*"]
        Condition = {}
      },
      {
        Sid       = "QueueWhatFailed"
        Effect    = "Allow"
        Action    = ["sqs:SendMessage"]
        Resource  = [aws_sqs_queue.failed.arn]
        Condition = {}
      },
      {
        # The queue, the variables, the secrets and the stream are encrypted with the key of the region.
        Sid      = "UseTheKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.kms_key_arn]
        Condition = {
          StringEquals = {
            "kms:ViaService" = [for s in ["sqs", "secretsmanager", "dynamodb", "lambda"] : "${s}.${var.region}.amazonaws.com"]
          }
        }
      },
    ],
    length(var.secrets) == 0 ? [] : [{
      Sid       = "ReadTheSecrets"
      Effect    = "Allow"
      Action    = ["secretsmanager:GetSecretValue"]
      Resource  = sort(values(var.secrets))
      Condition = {}
    }],
    var.stream == null ? [] : [
      {
        Sid       = "ReadTheStream"
        Effect    = "Allow"
        Action    = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
        Resource  = [var.stream.arn]
        Condition = {}
      },
      {
        # AWS knows no resource for this action.
        Sid       = "FindTheStream"
        Effect    = "Allow"
        Action    = ["dynamodb:ListStreams"]
        Resource  = ["*"]
        Condition = {}
      },
    ],
    var.vpc == null ? [] : [
      {
        # Lambda makes and removes the network interface with this role, before it exists and without a resource to name.
        Sid    = "EnterTheVpc"
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource  = ["*"]
        Condition = {}
      },
      {
        # The same actions are denied to the program itself: only Lambda, outside of it, may take them.
        Sid    = "TheProgramMakesNoInterfaces"
        Effect = "Deny"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource  = ["*"]
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = [local.arn] } }
      },
    ],
    [
      for s in var.policy_statements :
      { Sid = s.sid, Effect = "Allow", Action = s.actions, Resource = s.resources, Condition = s.condition }
    ],
  )
}

resource "aws_iam_role" "this" {
  permissions_boundary = var.permissions_boundary
  name                 = "${local.full}-function"
  description          = "What the function ${var.function} may do"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "work"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for s in local.statements : { for k, v in s : k => v if k != "Condition" || length(v) > 0 }]
  })
}

resource "aws_iam_role" "scheduler" {
  count = var.schedule == null ? 0 : 1

  permissions_boundary = var.permissions_boundary
  name                 = "${local.full}-schedule"
  description          = "Lets the clock call the function ${var.function}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  count = var.schedule == null ? 0 : 1

  name = "call"
  role = aws_iam_role.scheduler[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Call", Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = [local.arn] },
      { Sid = "QueueWhatFailed", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.failed.arn] },
      { Sid = "UseTheKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
    ]
  })
}
