#1725271000
sudo apt update
#1725271060
ls -l
