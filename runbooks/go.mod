module jari.example/runbooks

go 1.26
