// Package proof has the tests of the Terraform in infra/aws: that it is formatted and valid,
// that its own tests pass, that its plans follow the rules of package policy, and that the
// daemons get the variables that they read. They need Terraform and its provider, and say
// so where these cannot be had.
package proof
