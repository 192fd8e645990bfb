<?php
namespace App\Models { 
  enum Kind: string { case News='n'; case Video='v'; }
  enum Pure { case One; }
  class Article { public function __construct(private $id=null, private $sort=null, private $contenttypeid=null, private $pic=null, private $title=null){} }
  class Pub { public string $id; public int $sort; public int $contenttypeid; public string $pic; public string $title; }
  class Mixed_ { protected $id; public $sort; private $contenttypeid; public $pic; protected ?string $title=null; public readonly int $ro;
    function __construct($r){ foreach($r as $k=>$v) $this->$k=$v; } }
  class Coll implements \IteratorAggregate { protected $items; public $total; function __construct($i){$this->items=$i;$this->total=count($i);} function getIterator(): \Iterator {return new \ArrayIterator($this->items);} }
}
namespace {
class Story { protected $id; public $sort; private $contenttypeid; public $pic; public $title; function __construct($r){ foreach($r as $k=>$v) $this->$k=$v; } }
$mode=$argv[1];
$keys=['id','sort','contenttypeid','pic','title'];
$rows=[['id'=>'2401101','sort'=>'88001','contenttypeid'=>'21','pic'=>'/2017/05/02/one_4x3.jpg','title'=>'Ferry "Nord" resumes crossings'],
['id'=>'2401102','sort'=>'88002','contenttypeid'=>'21','pic'=>'/2017/05/02/two_4x3.jpg','title'=>'Grain depot opens in the valley'],
['id'=>'2401103','sort'=>'88003','contenttypeid'=>'21','pic'=>'/2017/05/02/three_4x3.jpg','title'=>"Museum of clocks isn't closing"]];
$d=[];
$d['whole']=$rows;
$with=function($f) use($rows){ return array_map($f,$rows); };
$d['nested_first']=$with(fn($r)=>['images'=>[['id'=>'9001','sort'=>'1','contenttypeid'=>'7','pic'=>'/i/a.jpg','title'=>'In'],['id'=>'9002','pic'=>'/i/b.jpg']]]+$r);
$d['nested_last']=$with(fn($r)=>$r+['author'=>['id'=>'77','name'=>'Desk','tags'=>['a',['b'=>['c'=>[]]]]],'empty'=>[],'o'=>new stdClass]);
$d['datetime']=$with(fn($r)=>['date'=>new DateTime('2017-05-02 10:00:00',new DateTimeZone('UTC'))]+$r);
$d['object']=$with(fn($r)=>(object)$r);
$d['object_class']=$with(fn($r)=>new Story($r));
$d['object_private']=$with(fn($r)=>new App\Models\Article(...array_values($r)));
$d['object_mixed']=$with(fn($r)=>new App\Models\Mixed_($r));
$u=[]; foreach($rows as $i=>$r){ $p=new App\Models\Pub; foreach($r as $k=>$v){ if($i==1&&$k=='pic')continue; $p->$k= in_array($k,['sort','contenttypeid'])?(int)$v:$v;} $u[]=$p; }
$d['uninitialized']=$u;
$d['enum']=$with(fn($r)=>['id'=>$r['id'],'kind'=>App\Models\Kind::News,'p'=>App\Models\Pure::One]+$r);
$d['scalars']=array_map(fn($r)=>['id'=>(int)$r['id'],'f'=>0.75,'g'=>1.0E+25,'h'=>-1.5e-7,'i'=>NAN,'j'=>INF,'k'=>-INF,'t'=>true,'n'=>null,'neg'=>-5,'sort'=>(int)$r['sort'],'contenttypeid'=>(int)$r['contenttypeid'],'pic'=>$r['pic'],'title'=>$r['title'],'z'=>false,'big'=>1e100],$rows);
$d['json_scalars']=array_map(fn($r)=>['score'=>-0.75,'e'=>1.5e30,'t'=>true,'n'=>null,'neg'=>-5,'id'=>(int)$r['id'],'sort'=>(int)$r['sort'],'contenttypeid'=>(int)$r['contenttypeid'],'pic'=>$r['pic'],'title'=>$r['title']],$rows);
$ref=$rows; foreach($ref as &$zz){} ; $d['reference_last']=$ref;
$ref2=$rows; $ref2[1]['pic']=&$ref2[0]['pic']; $d['reference_value']=$ref2;
$ref3=$rows; $ref3[1]['self']=&$ref3[1]; $d['recursion']=$ref3;
$o1=(object)$rows[0]; $o2=(object)$rows[1]; $o2->self=$o2; $d['recursion_object']=[$o1,$o2,(object)$rows[2]];
$d['keyed_by_id']=array_combine(array_column($rows,'id'),$rows);
$d['gaps']=[1=>$rows[0],4=>$rows[1],7=>$rows[2]];
$d['reversed']=array_reverse($rows,true);
$d['wrapped']=['related'=>$rows,'total'=>3];
$d['wrapped_deep']=['status'=>'ok','data'=>['page'=>['id'=>'5','name'=>'x'],'related'=>$rows],'time'=>0.5];
$d['collection']=new App\Models\Coll($rows);
$d['wrapped_object']=(object)['items'=>$rows,'n'=>3];
$nl=$rows; $nl[1]['title']="First line\n\nsecond line"; $d['blank_line']=$nl;
$q=$rows; $q[1]['title']="It's \\ \"x\" [1] => Array ( {a} ) , 'b' => \"c\""; $d['quotes']=$q;
$fr=$rows; $fr[0]['title']="Café “été” – خبر عاجل"; $d['letters']=$fr;
$ent=$rows; $ent[0]['title']='Fish & <b>chips</b>'; $d['markup']=$ent;
$nul=$rows; $nul[0]['extra']="a\0b"; $d['nul']=$nul;
@mkdir('out');
@mkdir('out');
if(str_starts_with($mode,'symfony')) require getenv('VAR_DUMPER').'/autoload.php';  // Debian's php-symfony-var-dumper, unpacked
foreach($d as $name=>$v){
  if($mode=='plain'){
    foreach(['var_dump','debug_zval_dump','print_r','var_export','serialize','json_encode','json_pretty'] as $f){
      try {
        ob_start();
        if($f=='json_encode'){ $x=json_encode($v); if($x===false){ob_end_clean();continue;} echo $x; }
        elseif($f=='json_pretty'){ $x=json_encode($v,JSON_PRETTY_PRINT|JSON_UNESCAPED_UNICODE|JSON_UNESCAPED_SLASHES); if($x===false){ob_end_clean();continue;} echo $x; }
        elseif($f=='serialize') echo serialize($v);
        elseif($f=='print_r') print_r($v);
        elseif($f=='var_export') @var_export($v);
        elseif($f=='debug_zval_dump') debug_zval_dump($v);
        else var_dump($v);
        file_put_contents("out/$name.$f.txt",ob_get_clean());
      } catch(\Throwable $e){ ob_end_clean(); }
    }
  } elseif(str_starts_with($mode,'symfony')) {  // what dump() and dd() print: symfony_text, symfony_html
    $dumper=$mode=='symfony_text' ? new Symfony\Component\VarDumper\Dumper\CliDumper : new Symfony\Component\VarDumper\Dumper\HtmlDumper;
    file_put_contents("out/$name.$mode.txt",$dumper->dump((new Symfony\Component\VarDumper\Cloner\VarCloner)->cloneVar($v),true));
  } else {
    ob_start(); var_dump($v); file_put_contents("out/$name.$mode.txt",ob_get_clean());
  }
}
}
