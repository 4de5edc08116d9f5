output "instance_id" {
  description = "Id of the bastion."
  value       = aws_instance.this.id
}

output "security_group_id" {
  description = "Id of the security group."
  value       = aws_security_group.this.id
}

output "tunnels" {
  description = "Target to the command that forwards a port of the administrator's machine to it."
  value = {
    for name, t in var.targets : name => join(" ", [
      "aws ssm start-session --region ${var.region} --target ${aws_instance.this.id}",
      "--document-name AWS-StartPortForwardingSessionToRemoteHost",
      "--parameters host=${t.host},portNumber=${t.port},localPortNumber=${t.local_port}",
    ])
  }
}
