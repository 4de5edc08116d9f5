locals {
  page_origin = "page"
  methods     = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]

  # In the order in which CloudFront compares them. All methods reach the gateway, which refuses the wrong ones with a
  # problem document; CloudFront's own refusal would be an HTML page.
  api_behaviours = [
    { path = "/v1/availability", cached = true },
    { path = "/v1/restaurants/*/availability", cached = true },
    { path = "/v1/*", cached = false },
    { path = "/.well-known/*", cached = false },
  ]
}

resource "aws_cloudfront_origin_access_control" "page" {
  name                              = "${var.name}-page"
  description                       = "The distribution signs its requests to the page's bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "this" {
  # checkov:skip=CKV_AWS_86: logs.tf delivers the access log
  # checkov:skip=CKV2_AWS_47: as CKV_AWS_192 of the module web_acl
  enabled             = true
  comment             = var.name
  aliases             = local.names
  default_root_object = "index.html"
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  price_class         = var.price_class
  web_acl_id          = var.web_acl_arn

  # The gateways. The id of an origin is the AWS region id, by which the function selects it.
  dynamic "origin" {
    for_each = { for r in var.regions : r.aws_region => r.origin_domain }

    content {
      origin_id   = origin.key
      domain_name = origin.value
      # At most 10 s until a region that does not answer becomes an error; the default is 30 s.
      connection_attempts = 2
      connection_timeout  = 5

      custom_header {
        name  = var.origin_secret_header
        value = var.origin_secret
      }

      custom_origin_config {
        http_port                = 80
        https_port               = 443
        origin_protocol_policy   = "https-only"
        origin_ssl_protocols     = ["TLSv1.2"]
        origin_read_timeout      = 30
        origin_keepalive_timeout = 55 # below the 60 s after which a load balancer closes an idle connection
      }
    }
  }

  origin {
    origin_id                = local.page_origin
    domain_name              = var.page_bucket_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.page.id
  }

  default_cache_behavior {
    target_origin_id           = local.page_origin
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = aws_cloudfront_cache_policy.page.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.page.id
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = true

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.page_request.arn
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.api_behaviours

    content {
      path_pattern     = ordered_cache_behavior.value.path
      target_origin_id = local.default_region # the function selects another one where needed
      allowed_methods  = local.methods
      cached_methods   = ["GET", "HEAD"]
      cache_policy_id  = ordered_cache_behavior.value.cached ? aws_cloudfront_cache_policy.availability.id : local.caching_disabled
      origin_request_policy_id = (
        ordered_cache_behavior.value.cached
        ? aws_cloudfront_origin_request_policy.availability.id
        : aws_cloudfront_origin_request_policy.api.id
      )
      # No redirect: a client that sends a token without TLS must fail, so that somebody notices.
      viewer_protocol_policy = "https-only"
      compress               = false # the gateway negotiates the encoding with the viewer

      function_association {
        event_type   = "viewer-request"
        function_arn = aws_cloudfront_function.viewer_request.arn
      }
    }
  }

  # Without these entries CloudFront keeps an error for 10 s, and a region that is back would look as if it were away.
  # They have no page of their own: a 404 of the API must stay a problem document.
  dynamic "custom_error_response" {
    for_each = toset([400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504])

    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  # A diner abroad may book too.
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.this.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }

  lifecycle {
    precondition {
      condition     = contains([for r in var.regions : r.aws_region], local.default_region)
      error_message = "The function's default region ${local.default_region} needs an entry in regions."
    }

    precondition {
      condition     = data.aws_region.this.id == "us-east-1"
      error_message = "The provider aws of this module must be us-east-1: CloudFront takes certificates and web ACLs from there."
    }
  }
}
