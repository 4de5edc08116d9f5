# The way of people to the databases: Session Manager forwards a port. The instance opens no port itself; its agent asks
# AWS for work.

data "aws_caller_identity" "this" {}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

locals {
  full = "${var.name}-bastion"
}

# Its rules to the databases are made from the table of calls.
resource "aws_security_group" "this" {
  name        = local.full
  description = "Bastion"
  vpc_id      = var.vpc_id

  tags = { Name = local.full }
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  count = var.ssh == null ? 0 : 1

  security_group_id = aws_security_group.this.id
  description       = "SSH from the administrator"
  cidr_ipv4         = var.ssh.cidr
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_key_pair" "this" {
  count = var.ssh == null ? 0 : 1

  key_name   = local.full
  public_key = var.ssh.public_key
}

resource "aws_cloudwatch_log_group" "sessions" {
  name              = "/${var.name}/bastion/sessions"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# Sessions with a shell are written down. Forwarded ports have no text; CloudTrail says who opened them.
resource "aws_ssm_document" "session" {
  name            = "${local.full}-session"
  document_type   = "Session"
  document_format = "JSON"

  content = jsonencode({
    schemaVersion = "1.0"
    description   = "Shell on the bastion, written to CloudWatch"
    sessionType   = "Standard_Stream"
    inputs = {
      cloudWatchLogGroupName      = aws_cloudwatch_log_group.sessions.name
      cloudWatchEncryptionEnabled = true
      cloudWatchStreamingEnabled  = true
      kmsKeyId                    = var.kms_key_arn
      idleSessionTimeout          = "20"
      maxSessionDuration          = "480"
      runAsEnabled                = false
    }
  })
}

resource "aws_iam_role" "this" {
  permissions_boundary = var.permissions_boundary
  name                 = local.full
  description          = "What the bastion's agent may do"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "sessions"
  role = aws_iam_role.this.id

  # Less than AWS's own policy for the agent, which may also run commands and read parameters.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # AWS knows no resource for these: a channel belongs to the instance that opens it.
        Sid    = "OpenChannels"
        Effect = "Allow"
        Action = [
          "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = ["*"]
      },
      {
        Sid      = "SayThatItIsThere"
        Effect   = "Allow"
        Action   = ["ssm:UpdateInstanceInformation"]
        Resource = ["arn:aws:ec2:${var.region}:${data.aws_caller_identity.this.account_id}:instance/*"]
      },
      {
        Sid      = "WriteSessions"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [aws_cloudwatch_log_group.sessions.arn, "${aws_cloudwatch_log_group.sessions.arn}:*"]
      },
      {
        # The agent checks that the log group is encrypted; the action lists all groups.
        Sid      = "FindTheLogGroup"
        Effect   = "Allow"
        Action   = ["logs:DescribeLogGroups"]
        Resource = ["*"]
      },
      {
        Sid      = "EncryptSessions"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.kms_key_arn]
      },
    ]
  })
}

resource "aws_iam_instance_profile" "this" {
  name = local.full
  role = aws_iam_role.this.name
}

resource "aws_instance" "this" {
  ami                         = data.aws_ssm_parameter.image.insecure_value
  instance_type               = var.instance_type
  subnet_id                   = var.ssh == null ? var.private_subnet_id : var.public_subnet_id
  vpc_security_group_ids      = [aws_security_group.this.id]
  iam_instance_profile        = aws_iam_instance_profile.this.name
  associate_public_ip_address = var.ssh != null
  key_name                    = one(aws_key_pair.this[*].key_name)
  ebs_optimized               = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 8
    encrypted   = true
    kms_key_id  = var.kms_key_arn
  }

  tags = { Name = local.full }

  lifecycle {
    # A new image appears every few weeks. It is taken with -replace, not in the middle of somebody's session.
    ignore_changes = [ami]
  }
}
