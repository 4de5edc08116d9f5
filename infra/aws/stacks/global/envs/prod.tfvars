environment = "prod"
domain_name = "jari.example"
primary     = "kr"

# A further region is one entry here and one file of variables for the stack region.
regions = {
  kr = { aws_region = "ap-northeast-2" }
  us = { aws_region = "us-east-1" }
}

repository = "example/jari"

# The outputs of the stack state. 123456789012 stands for the account.
state_bucket  = "jari-terraform-state-123456789012"
state_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/00000000-0000-4000-8000-000000000000"
