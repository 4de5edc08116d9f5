terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6.0"
    }
  }

  # Bucket, key and region come from envs/<environment>-<region>.s3.tfbackend.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id] # credentials of another account must not change this one
  max_retries         = var.max_retries

  default_tags {
    tags = {
      Project        = "jari"
      Environment    = var.environment
      "Region-label" = var.region_label
      ManagedBy      = "terraform"
    }
  }
}
