mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:flow" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/flow" }
  }
}

variables {
  name        = "jari-test-kr"
  region      = "ap-northeast-2"
  cidr        = "10.10.0.0/16"
  zones       = ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"]
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "has_three_kinds_of_subnets_in_three_zones" {
  assert {
    condition = (
      length(aws_subnet.public) == 3 && length(aws_subnet.private) == 3 && length(aws_subnet.database) == 3
    )
    error_message = "each zone needs a public, a private and a database subnet"
  }
  assert {
    condition     = aws_subnet.private["ap-northeast-2b"].cidr_block == "10.10.16.0/20"
    error_message = "a private subnet has a sixteenth of the block"
  }
  assert {
    condition     = aws_subnet.public["ap-northeast-2a"].cidr_block == "10.10.192.0/22"
    error_message = "a public subnet must not lie in a private one"
  }
  assert {
    condition     = !anytrue([for s in aws_subnet.public : s.map_public_ip_on_launch])
    error_message = "nothing may get a public address by accident"
  }
}

run "databases_have_no_way_out" {
  assert {
    condition = alltrue([
      for a in aws_route_table_association.database : a.route_table_id == aws_route_table.database.id
    ])
    error_message = "all database subnets belong to the table without routes"
  }
  assert {
    condition = !contains(
      concat([aws_route.internet.route_table_id], [for r in aws_route.nat : r.route_table_id]), aws_route_table.database.id
    )
    error_message = "the table of the databases must have no route"
  }
}

run "each_zone_has_a_nat_gateway" {
  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_eip.nat) == 3
    error_message = "three zones, three NAT gateways"
  }
}

run "one_nat_gateway_serves_all_zones" {
  variables {
    nat_per_zone = false
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3
    error_message = "one NAT gateway, and a route to it from each zone"
  }
}

run "connections_are_logged" {
  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.retention_in_days == 30
    error_message = "all traffic must be logged for 30 days"
  }
}

run "endpoints_are_private" {
  assert {
    condition     = alltrue([for e in aws_vpc_endpoint.interface : e.private_dns_enabled]) && length(aws_vpc_endpoint.interface) == 6
    error_message = "the names of the services must lead to the endpoints"
  }
}

run "rejects_two_zones" {
  command = plan
  variables {
    zones = ["ap-northeast-2a", "ap-northeast-2b"]
  }
  expect_failures = [var.zones]
}

run "rejects_a_small_block" {
  command = plan
  variables {
    cidr = "10.10.0.0/24"
  }
  expect_failures = [var.cidr]
}
