locals {
  tags = {
    Project        = "jari"
    Environment    = var.environment
    "Region-label" = "global"
    ManagedBy      = "terraform"
  }
}

# The primary region: near to most diners.
provider "aws" {
  region      = var.regions[var.primary].aws_region
  max_retries = var.max_retries

  default_tags {
    tags = local.tags
  }
}

# CloudFront takes certificates, web ACLs and logs from there.
provider "aws" {
  alias       = "us_east_1"
  region      = "us-east-1"
  max_retries = var.max_retries

  default_tags {
    tags = local.tags
  }
}
