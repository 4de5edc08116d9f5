# The functions are the files that the local edge runs, unchanged.

resource "aws_cloudfront_key_value_store" "regions" {
  name    = "${var.name}-regions"
  comment = "Country to region, and the list of regions with an origin"
}

# All keys in one resource: they change together, and a key that is not here is removed.
resource "aws_cloudfrontkeyvaluestore_keys_exclusive" "regions" {
  key_value_store_arn = aws_cloudfront_key_value_store.regions.arn

  dynamic "resource_key_value_pair" {
    for_each = local.store

    content {
      key   = resource_key_value_pair.key
      value = resource_key_value_pair.value
    }
  }

  lifecycle {
    precondition {
      condition     = contains(local.serving, local.default_region)
      error_message = "The function's default region ${local.default_region} needs an entry in regions that serves."
    }
  }

  # A region must have its origin before the function may choose it: an unknown origin fails the request.
  depends_on = [aws_cloudfront_distribution.this]
}

resource "aws_cloudfront_function" "viewer_request" {
  name                         = "${var.name}-viewer-request"
  comment                      = "Chooses the region of an API request"
  runtime                      = "cloudfront-js-2.0"
  code                         = local.viewer_request
  publish                      = true
  key_value_store_associations = [aws_cloudfront_key_value_store.regions.arn]
}

resource "aws_cloudfront_function" "page_request" {
  name    = "${var.name}-page-request"
  comment = "Chooses the file of a path of the page"
  runtime = "cloudfront-js-2.0"
  code    = local.page_request
  publish = true
}
