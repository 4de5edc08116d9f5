mock_provider "aws" {
  override_during = plan # so that no run has to apply

  mock_resource "aws_route53_zone" {
    defaults = { zone_id = "Z0123456789ABCDEFGHIJ" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = {
      arn                         = "arn:aws:s3:::jari-prod-page-123456789012"
      bucket_regional_domain_name = "jari-prod-page-123456789012.s3.ap-northeast-2.amazonaws.com"
    }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1234" }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/jari-prod-x" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/jari-prod-delivery-x" }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:/jari/prod/origin-secret-a1b2c3" }
  }
}

mock_provider "aws" {
  alias           = "us_east_1"
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_region" {
    defaults = { id = "us-east-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_resource "aws_cloudfront_distribution" {
    defaults = {
      arn            = "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL"
      domain_name    = "d111111abcdef8.cloudfront.net"
      hosted_zone_id = "Z2FDTNDATAQYW2"
    }
  }

  mock_resource "aws_cloudfront_key_value_store" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:key-value-store/5f4e2b1a-9c1d-4a57-8f0e-2d3c4b5a6978" }
  }

  mock_resource "aws_cloudfront_function" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:function/jari-prod" }
  }

  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:us-east-1:123456789012:certificate/7d5c"
      domain_validation_options = [{
        domain_name           = "jari.example"
        resource_record_name  = "_a.jari.example"
        resource_record_type  = "CNAME"
        resource_record_value = "_b.acm-validations.aws"
      }]
    }
  }

  mock_resource "aws_acm_certificate_validation" {
    defaults = { certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/7d5c" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/1234" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::jari-prod-edge-logs-123456789012" }
  }

  mock_resource "aws_cloudwatch_log_delivery_destination" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:delivery-destination:jari-prod-edge-access" }
  }
}

# It has tests of its own, and planning it takes seconds.
override_module {
  target  = module.web_acl
  outputs = { arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/jari-prod-edge/6a1c" }
}

# envs/prod.tfvars, less what the tests change
variables {
  environment   = "prod"
  domain_name   = "jari.example"
  repository    = "example/jari"
  origin_secret = "0123456789abcdef0123456789abcdef"
  state_bucket  = "jari-terraform-state-123456789012"
  state_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/00000000-0000-0000-0000-000000000000"
  regions = {
    kr = { aws_region = "ap-northeast-2" }
    us = { aws_region = "us-east-1" }
  }
}

run "two_regions" {
  command = plan

  assert {
    condition     = output.origin_domains == { kr = "kr.origin.jari.example", us = "us.origin.jari.example" }
    error_message = "The names of the load balancers come from the labels."
  }

  assert {
    condition     = toset([for r in aws_secretsmanager_secret.origin.replica : r.region]) == toset(["us-east-1"])
    error_message = "Each region but the primary one needs a replica of the secret."
  }

  assert {
    condition     = output.store["regions"] == "ap-northeast-2 us-east-1"
    error_message = "Both regions must be in the store."
  }

  assert {
    condition     = !aws_route53_zone.this.force_destroy && one(aws_route53_record.caa.records) == "0 issue \"amazon.com\""
    error_message = "The zone is protected, and only AWS may issue certificates."
  }
}

run "a_third_region_is_one_entry" {
  command = plan

  variables {
    users_region = "us"
    regions = {
      kr = { aws_region = "ap-northeast-2" }
      us = { aws_region = "us-east-1" }
      eu = { aws_region = "eu-west-1", countries = ["DE", "FR", "GB"] }
    }
  }

  assert {
    condition     = output.store["users"] == "us-east-1"
    error_message = "Sign-ups must go to the region that writes users."
  }

  assert {
    condition     = output.origin_domains["eu"] == "eu.origin.jari.example" && output.store["country/GB"] == "eu-west-1"
    error_message = "The third region must get an origin and its countries."
  }

  assert {
    condition     = toset([for r in aws_secretsmanager_secret.origin.replica : r.region]) == toset(["us-east-1", "eu-west-1"])
    error_message = "The third region needs the secret of the load balancers."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    environment              = "Prod"
    alternative_names        = ["www.example.com"]
    origin_secret            = "short"
    origin_secret_generation = 0
    max_retries              = 0
  }

  expect_failures = [
    var.environment, var.alternative_names, var.origin_secret, var.origin_secret_generation, var.max_retries,
  ]
}

run "users_are_written_by_a_region_that_serves" {
  command = plan

  variables {
    users_region = "us"
    regions = {
      kr = { aws_region = "ap-northeast-2" }
      us = { aws_region = "us-east-1", serves = false }
    }
  }

  expect_failures = [var.users_region]
}

run "the_primary_label_must_exist" {
  command = plan

  variables {
    primary = "jp"
  }

  expect_failures = [var.primary]
}
