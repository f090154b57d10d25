module github.com/pawl-dev/pawl/bench

go 1.26.0

require github.com/pawl-dev/pawl v0.0.0

replace github.com/pawl-dev/pawl => ../
