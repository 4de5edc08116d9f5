package postgres

// Scram is what PostgreSQL stores of a password.
var Scram = scram
