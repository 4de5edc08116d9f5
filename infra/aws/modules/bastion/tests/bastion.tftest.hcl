mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { insecure_value = "ami-0123456789abcdef0" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:sessions" }
  }
  mock_resource "aws_instance" {
    defaults = { id = "i-0123456789abcdef0" }
  }
}

variables {
  name              = "jari-test-kr"
  region            = "ap-northeast-2"
  vpc_id            = "vpc-1"
  private_subnet_id = "subnet-0a"
  public_subnet_id  = "subnet-0b"
  kms_key_arn       = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
  targets           = { users = { host = "users.example", port = 5432, local_port = 15432 } }
}

run "opens_no_port" {
  assert {
    condition = (
      length(aws_vpc_security_group_ingress_rule.ssh) == 0 &&
      aws_instance.this.subnet_id == "subnet-0a" && length(aws_key_pair.this) == 0
    )
    error_message = "private, without a key and without a rule"
  }
  assert {
    condition     = aws_instance.this.metadata_options[0].http_tokens == "required" && aws_instance.this.root_block_device[0].encrypted
    error_message = "metadata need a token, the disk is encrypted"
  }
  assert {
    condition     = strcontains(output.tunnels["users"], "--parameters host=users.example,portNumber=5432,localPortNumber=15432")
    error_message = "the command names the target"
  }
}

run "ssh_is_an_option" {
  variables {
    ssh = { cidr = "203.0.113.7/32", public_key = "ssh-ed25519 AAAA test" }
  }
  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.ssh[0].cidr_ipv4 == "203.0.113.7/32" &&
      aws_instance.this.subnet_id == "subnet-0b" && aws_instance.this.associate_public_ip_address
    )
    error_message = "port 22 is open to the administrator only"
  }
}

run "rejects_ssh_from_everywhere" {
  command = plan
  variables {
    ssh = { cidr = "0.0.0.0/0", public_key = "ssh-ed25519 AAAA test" }
  }
  expect_failures = [var.ssh]
}
