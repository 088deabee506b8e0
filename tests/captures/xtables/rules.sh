# The rules of this capture, for a network namespace of their own: unshare -n sh rules.sh
set -e
iptables-legacy -P FORWARD DROP
iptables-legacy -N zeta
iptables-legacy -N alpha
iptables-legacy -A INPUT -i eth+ -s 10.0.0.0/8 ! -d 192.168.1.1 -p tcp --dport 22 -j ACCEPT
iptables-legacy -A INPUT -p tcp -m multiport --dports 80,443,1000:2000 -m conntrack --ctstate NEW -j zeta
iptables-legacy -A INPUT -p udp -m multiport ! --ports 53 -j DROP
iptables-legacy -A INPUT ! -p udp -j LOG --log-prefix x
iptables-legacy -A INPUT -p udp ! --sport 53 ! -i lo -g alpha
iptables-legacy -A INPUT -m comment --comment hi
iptables-legacy -A INPUT -p tcp -j DROP
iptables-legacy -A INPUT -p sctp --sport 10 ! --dport 9 -j RETURN
iptables-legacy -A INPUT -p dccp --sport 7 -j QUEUE
iptables-legacy -A zeta -j RETURN
iptables-legacy -A OUTPUT ! -o lo
iptables-legacy -t nat -A POSTROUTING -o eth0 -j MASQUERADE
