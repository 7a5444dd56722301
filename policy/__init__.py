"""The policy pack: what every deployment of the gallery keeps to, whoever changes the program."""
