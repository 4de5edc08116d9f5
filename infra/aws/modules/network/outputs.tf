output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Addresses of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "Ids of the public subnets, in the order of the zones."
  value       = [for z in var.zones : aws_subnet.public[z].id]
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, in the order of the zones."
  value       = [for z in var.zones : aws_subnet.private[z].id]
}

output "database_subnet_ids" {
  description = "Ids of the subnets for databases, in the order of the zones."
  value       = [for z in var.zones : aws_subnet.database[z].id]
}

output "endpoints_security_group_id" {
  description = "Id of the security group of the interface endpoints."
  value       = aws_security_group.endpoints.id
}

output "s3_prefix_list_id" {
  description = "Id of the prefix list of S3, for rules that let tasks pull images."
  value       = aws_vpc_endpoint.s3.prefix_list_id
}

output "dynamodb_prefix_list_id" {
  description = "Id of the prefix list of DynamoDB."
  value       = aws_vpc_endpoint.dynamodb.prefix_list_id
}

output "nat_addresses" {
  description = "Public addresses from which tasks reach the internet, for the allow-lists of others."
  value       = [for z in local.nat_zones : aws_eip.nat[z].public_ip]
}
