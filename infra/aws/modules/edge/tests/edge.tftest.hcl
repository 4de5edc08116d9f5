mock_provider "aws" {
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
    defaults = { arn = "arn:aws:cloudfront::123456789012:function/jari-test" }
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
    defaults = { arn = "arn:aws:s3:::jari-test-edge-logs-123456789012" }
  }

  mock_resource "aws_cloudwatch_log_delivery_destination" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:delivery-destination:jari-test-edge-access" }
  }
}

variables {
  name                    = "jari-test"
  domain_name             = "jari.example"
  zone_id                 = "Z0123456789ABCDEFGHIJ"
  page_bucket_domain_name = "jari-test-page-123456789012.s3.ap-northeast-2.amazonaws.com"
  web_acl_arn             = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/jari-test-edge/6a1c"
  origin_secret           = "0123456789abcdef0123456789abcdef"
  regions = {
    kr = { aws_region = "ap-northeast-2", origin_domain = "kr.origin.jari.example" }
    us = { aws_region = "us-east-1", origin_domain = "us.origin.jari.example" }
  }
}

run "what_is_deployed_is_what_infra_edge_says" {
  command = apply # so that policies have ids to compare

  assert {
    condition     = output.store == tomap(jsondecode(file("../../../edge/countries.json")))
    error_message = "The store differs from infra/edge/countries.json."
  }

  assert {
    condition = (
      tomap({ for p in aws_cloudfrontkeyvaluestore_keys_exclusive.regions.resource_key_value_pair : p.key => p.value })
      == output.store
    )
    error_message = "Not every key of the store is written."
  }

  assert {
    condition = (
      aws_cloudfront_function.viewer_request.code == file("../../../edge/viewer-request.js")
      && aws_cloudfront_function.page_request.code == file("../../../edge/page-request.js")
      && aws_cloudfront_function.viewer_request.publish && aws_cloudfront_function.page_request.publish
    )
    error_message = "The functions must be the files of infra/edge, unchanged and published."
  }

  assert {
    condition = (
      toset([for o in aws_cloudfront_distribution.this.origin : o.origin_id]) == toset(["ap-northeast-2", "us-east-1", "page"])
    )
    error_message = "The ids of the origins must be the AWS region ids, and page."
  }

  assert {
    condition = alltrue([
      for o in aws_cloudfront_distribution.this.origin :
      o.custom_origin_config[0].origin_protocol_policy == "https-only" && one(o.custom_header).name == "jari-origin-secret"
      if o.origin_id != "page"
    ])
    error_message = "A gateway must be called with TLS and with the secret header."
  }

  assert {
    condition     = alltrue([for o in aws_cloudfront_distribution.this.origin : length(o.custom_header) == 0 if o.origin_id == "page"])
    error_message = "The bucket must not get the secret of the load balancers."
  }

  assert {
    condition = length(setintersection(
      aws_cloudwatch_log_delivery.access.record_fields,
      ["c-ip", "x-forwarded-for", "cs-uri-stem", "cs-uri-query", "cs(Cookie)", "cs(Referer)"],
    )) == 0
    error_message = "The access log must not have addresses, paths, queries or cookies of viewers."
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.logs.rule[0].expiration).days == 365
    error_message = "Access logs are kept for 365 days."
  }

  assert {
    condition     = !aws_s3_bucket.logs.force_destroy
    error_message = "Logs are protected from deletion."
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.logs.block_public_acls && aws_s3_bucket_public_access_block.logs.block_public_policy
      && aws_s3_bucket_public_access_block.logs.ignore_public_acls && aws_s3_bucket_public_access_block.logs.restrict_public_buckets
    )
    error_message = "Nobody outside may read the logs."
  }

  assert {
    condition = [for b in aws_cloudfront_distribution.this.ordered_cache_behavior : b.path_pattern] == [
      "/v1/availability", "/v1/restaurants/*/availability", "/v1/*", "/.well-known/*",
    ]
    error_message = "The order of the behaviours decides: availability comes before the rest of the API."
  }

  assert {
    condition = alltrue([
      for b in slice(aws_cloudfront_distribution.this.ordered_cache_behavior, 2, 4) :
      b.cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
      && b.origin_request_policy_id == aws_cloudfront_origin_request_policy.api.id
    ])
    error_message = "The API must not be cached, and the gateway needs the whole request."
  }

  assert {
    condition = alltrue([
      for b in aws_cloudfront_distribution.this.ordered_cache_behavior :
      b.viewer_protocol_policy == "https-only" && one(b.function_association).function_arn == aws_cloudfront_function.viewer_request.arn
      && b.target_origin_id == "ap-northeast-2"
    ])
    error_message = "Every behaviour of the API runs the function and starts from the default region."
  }

  assert {
    condition = (
      aws_cloudfront_cache_policy.availability.max_ttl == 1 && aws_cloudfront_cache_policy.availability.default_ttl == 0
      && toset(
        aws_cloudfront_cache_policy.availability.parameters_in_cache_key_and_forwarded_to_origin[0].headers_config[0].headers[0].items
      ) == toset(["jari-edge-region"])
    )
    error_message = "Availability is stored for at most 1 s and separately for each region."
  }

  assert {
    condition = alltrue([
      for p in [aws_cloudfront_origin_request_policy.api, aws_cloudfront_origin_request_policy.availability] :
      contains(one(one(p.headers_config).headers).items, "CloudFront-Viewer-Country")
    ])
    error_message = "Without the country in a policy the function does not get it."
  }

  assert {
    condition = (
      one(aws_cloudfront_origin_request_policy.availability.cookies_config).cookie_behavior == "none"
      && one(
        aws_cloudfront_cache_policy.availability.parameters_in_cache_key_and_forwarded_to_origin[0].cookies_config
      ).cookie_behavior == "none"
    )
    error_message = "A stored response must not depend on a diner's cookie."
  }

  assert {
    condition     = alltrue([for e in aws_cloudfront_distribution.this.custom_error_response : e.error_caching_min_ttl == 0])
    error_message = "Errors must not be stored."
  }

  assert {
    condition = alltrue([
      for e in aws_cloudfront_distribution.this.custom_error_response : coalesce(e.response_page_path, "none") == "none"
    ])
    error_message = "An error page would replace the problem documents of the API."
  }

  assert {
    condition = (
      one(one(aws_cloudfront_response_headers_policy.page.security_headers_config).content_security_policy).content_security_policy
      == jsondecode(file("../../../edge/response-headers.json"))["Content-Security-Policy"]
    )
    error_message = "The Content-Security-Policy differs from infra/edge/response-headers.json."
  }

  assert {
    condition = toset(concat(
      [for i in one(aws_cloudfront_response_headers_policy.page.custom_headers_config).items : i.header],
      ["Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options"],
    )) == toset(keys(jsondecode(file("../../../edge/response-headers.json"))))
    error_message = "A header of infra/edge/response-headers.json is missing, or one is too many."
  }

  assert {
    condition = (
      one(one(aws_cloudfront_response_headers_policy.page.security_headers_config).strict_transport_security).access_control_max_age_sec
      == 63072000
    )
    error_message = "Strict-Transport-Security lasts two years."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.this.default_cache_behavior[0].response_headers_policy_id
      == aws_cloudfront_response_headers_policy.page.id
    )
    error_message = "The page needs the response headers policy."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
      && aws_cloudfront_distribution.this.http_version == "http2and3" && aws_cloudfront_distribution.this.is_ipv6_enabled
    )
    error_message = "TLS 1.2 of 2021 or newer, HTTP/2 and 3, IPv6."
  }

  assert {
    condition     = aws_route53_record.ipv4["jari.example"].type == "A" && aws_route53_record.ipv6["jari.example"].type == "AAAA"
    error_message = "Both address families need a record."
  }
}

run "what_variables_change" {
  command = plan

  variables {
    users_region = "eu-west-1"
    regions = {
      kr = { aws_region = "ap-northeast-2", origin_domain = "kr.origin.jari.example" }
      us = { aws_region = "us-east-1", origin_domain = "us.origin.jari.example", serves = false }
      eu = { aws_region = "eu-west-1", origin_domain = "eu.origin.jari.example", countries = ["DE", "FR"] }
    }
  }

  assert {
    condition = (
      output.store["regions"] == "ap-northeast-2 eu-west-1" && output.store["country/DE"] == "eu-west-1"
      && output.store["country/FR"] == "eu-west-1" && output.store["country/KR"] == "ap-northeast-2"
    )
    error_message = "The third region and its countries must be in the store, and the others unchanged."
  }

  assert {
    condition     = contains([for o in aws_cloudfront_distribution.this.origin : o.origin_id], "eu-west-1")
    error_message = "The third region needs an origin."
  }

  assert {
    condition     = !contains(values(output.store), "us-east-1")
    error_message = "No country may go to a region that does not serve."
  }

  assert {
    condition     = contains([for o in aws_cloudfront_distribution.this.origin : o.origin_id], "us-east-1")
    error_message = "Requests that are under way still need the origin."
  }

  assert {
    condition     = output.store["users"] == "eu-west-1"
    error_message = "Sign-ups go to the region that writes users."
  }
}

run "users_are_written_in_a_region_that_serves" {
  command = plan

  variables {
    users_region = "eu-west-1"
  }

  expect_failures = [var.users_region]
}

run "the_default_region_must_be_there" {
  command = plan

  variables {
    regions = { us = { aws_region = "us-east-1", origin_domain = "us.origin.jari.example" } }
  }

  expect_failures = [aws_cloudfront_distribution.this]
}

run "the_default_region_must_serve" {
  command = plan

  variables {
    regions = {
      kr = { aws_region = "ap-northeast-2", origin_domain = "kr.origin.jari.example", serves = false }
      us = { aws_region = "us-east-1", origin_domain = "us.origin.jari.example" }
    }
  }

  expect_failures = [aws_cloudfrontkeyvaluestore_keys_exclusive.regions]
}

run "one_entry_per_aws_region" {
  command = plan

  variables {
    regions = {
      kr = { aws_region = "ap-northeast-2", origin_domain = "kr.origin.jari.example" }
      jp = { aws_region = "ap-northeast-2", origin_domain = "jp.origin.jari.example" }
    }
  }

  expect_failures = [var.regions]
}

run "one_region_per_country" {
  command = plan

  variables {
    regions = {
      kr = { aws_region = "ap-northeast-2", origin_domain = "kr.origin.jari.example", countries = ["FR"] }
      eu = { aws_region = "eu-west-1", origin_domain = "eu.origin.jari.example", countries = ["FR"] }
    }
  }

  expect_failures = [var.regions]
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    name                    = "Jari"
    domain_name             = "https://jari.example"
    page_bucket_domain_name = "jari-test-page.s3.amazonaws.com"
    origin_secret           = "short"
    origin_secret_header    = "x-edge-secret"
    price_class             = "PriceClass_300"
    web_acl_arn             = "arn:aws:wafv2:ap-northeast-2:123456789012:regional/webacl/jari-test/6a1c"
    access_log_days         = 0
  }

  expect_failures = [
    var.name, var.domain_name, var.page_bucket_domain_name, var.origin_secret, var.origin_secret_header, var.price_class,
    var.web_acl_arn, var.access_log_days,
  ]
}
