terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6.0"
    }
  }

  # The rest (bucket, key, region, kms_key_id) is given to init: envs/prod.s3.tfbackend.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
