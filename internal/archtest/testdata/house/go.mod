module example.com/house

go 1.26.0

require example.com/driver v1.0.0

replace example.com/driver => ./driver
