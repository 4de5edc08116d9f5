mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_ec2_managed_prefix_list" {
    defaults = { id = "pl-22a6434b" }
  }
  mock_resource "aws_lb" {
    defaults = {
      arn      = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/test/1"
      dns_name = "test.ap-northeast-2.elb.amazonaws.com"
      zone_id  = "ZWKZPGTI48KDX"
    }
  }
  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/test/1" }
  }
  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:listener/app/test/1/2" }
  }
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/11111111-2222-3333-4444-555555555555"
      domain_validation_options = [{
        domain_name           = "kr.origin.jari.example"
        resource_record_name  = "_x.kr.origin.jari.example"
        resource_record_type  = "CNAME"
        resource_record_value = "_y.acm-validations.aws"
      }]
    }
  }
  mock_resource "aws_acm_certificate_validation" {
    defaults = { certificate_arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::jari-test-kr-alb-logs-123456789012" }
  }
}

variables {
  name              = "jari-test-kr"
  vpc_id            = "vpc-1"
  public_subnet_ids = ["subnet-1", "subnet-2", "subnet-3"]
  domain_name       = "kr.origin.jari.example"
  zone_id           = "Z0000000000000000000"
  header_secrets    = ["0123456789abcdef0123456789abcdef"]
}

run "only_cloudfront_gets_in" {
  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.cloudfront.prefix_list_id == "pl-22a6434b" &&
      aws_vpc_security_group_ingress_rule.cloudfront.cidr_ipv4 == null &&
      aws_vpc_security_group_ingress_rule.cloudfront.from_port == 443
    )
    error_message = "the rule must name CloudFront's prefix list and no addresses"
  }
}

run "a_request_without_the_header_is_refused" {
  assert {
    condition     = aws_lb_listener.https.default_action[0].fixed_response[0].status_code == "403"
    error_message = "the default answer is 403"
  }
  assert {
    condition     = startswith(aws_lb_listener.https.ssl_policy, "ELBSecurityPolicy-TLS13") && aws_lb_listener.https.port == 443
    error_message = "only TLS 1.2 and 1.3"
  }
  assert {
    condition     = one([for c in aws_lb_listener_rule.gateway.condition : one(c.http_header).http_header_name]) == "jari-origin-secret"
    error_message = "the gateway is reached only with the header"
  }
}

run "it_is_protected_and_logs" {
  assert {
    condition     = aws_lb.this.enable_deletion_protection && aws_lb.this.access_logs[0].enabled && aws_lb.this.drop_invalid_header_fields
    error_message = "protected, with an access log, without broken headers"
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.logs.rule[0].expiration[0].days == 365
    error_message = "the access log ends after a year"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.logs.restrict_public_buckets && !aws_s3_bucket.logs.force_destroy
    error_message = "the log is private, and not deleted with the load balancer"
  }
}

run "rejects_a_short_secret" {
  command = plan
  variables {
    header_secrets = ["short"]
  }
  expect_failures = [var.header_secrets]
}

run "rejects_a_header_of_amazon" {
  command = plan
  variables {
    header_name = "x-amz-secret"
  }
  expect_failures = [var.header_name]
}
