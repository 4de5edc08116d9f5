# What CloudFront stores, sends to an origin, and adds to responses. infra/edge/README.md has the table of behaviours.

locals {
  # AWS's own policy CachingDisabled, which has the same id in every account.
  caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

  headers = jsondecode(file("${local.source_dir}/response-headers.json"))
  # CloudFront takes these only as settings of their own; every other header is a custom one.
  security_headers = ["Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options"]
}

# Availability: at most a second old, so that a rush of readers becomes one request per second, region and question.
resource "aws_cloudfront_cache_policy" "availability" {
  name        = "${var.name}-availability"
  comment     = "Availability for at most 1 s, by region and question"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 1

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = false
    enable_accept_encoding_gzip   = false

    cookies_config {
      cookie_behavior = "none"
    }

    # The function runs before the cache is asked, so each region has its own responses.
    headers_config {
      header_behavior = "whitelist"

      headers {
        items = ["jari-edge-region"]
      }
    }

    query_strings_config {
      query_string_behavior = "all"
    }
  }
}

# The page: as its files' Cache-Control says.
resource "aws_cloudfront_cache_policy" "page" {
  name        = "${var.name}-page"
  comment     = "The page, as Cache-Control of its files says"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

# Everything that the viewer sent, and the country, which exists only if a policy asks for it.
resource "aws_cloudfront_origin_request_policy" "api" {
  name    = "${var.name}-api"
  comment = "All of the viewer's request and the viewer's country"

  cookies_config {
    cookie_behavior = "all"
  }

  headers_config {
    header_behavior = "allViewerAndWhitelistCloudFront"

    headers {
      items = ["CloudFront-Viewer-Country"]
    }
  }

  query_strings_config {
    query_string_behavior = "all"
  }
}

# No header of a viewer but the country: the response is stored, so it must be nobody's own. The query and the region are
# sent because they are in the key.
resource "aws_cloudfront_origin_request_policy" "availability" {
  name    = "${var.name}-availability"
  comment = "Only the viewer's country"

  cookies_config {
    cookie_behavior = "none"
  }

  headers_config {
    header_behavior = "whitelist"

    headers {
      items = ["CloudFront-Viewer-Country"]
    }
  }

  query_strings_config {
    query_string_behavior = "none"
  }
}

resource "aws_cloudfront_response_headers_policy" "page" {
  # checkov:skip=CKV_AWS_259: max-age is two years; subdomains of the domain are not ours to decide about
  name    = "${var.name}-page"
  comment = "Headers of every response of the page"

  security_headers_config {
    content_security_policy {
      content_security_policy = local.headers["Content-Security-Policy"]
      override                = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = local.headers["X-Frame-Options"]
      override     = true
    }

    referrer_policy {
      referrer_policy = local.headers["Referrer-Policy"]
      override        = true
    }

    # Two years. Subdomains are not included: they belong to other systems too.
    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = false
      preload                    = false
      override                   = true
    }
  }

  custom_headers_config {
    dynamic "items" {
      for_each = { for name, value in local.headers : name => value if !contains(local.security_headers, name) }

      content {
        header   = items.key
        value    = items.value
        override = true
      }
    }
  }

  lifecycle {
    precondition {
      condition     = local.headers["X-Content-Type-Options"] == "nosniff"
      error_message = "CloudFront can only send X-Content-Type-Options: nosniff; correct infra/edge/response-headers.json."
    }
  }
}
